import { Cookies, FileSystem, Headers } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either, HashMap, Logger, Metric, MetricBoundaries, Option } from "effect"
import { Device, Metrics } from "effect-adobe-pass"
import * as AccessLog from "effect-adobe-pass-cli/gateway/accessLog"
import { ofRequest, ofResponse } from "effect-adobe-pass-cli/gateway/headers"
import * as Options from "effect-adobe-pass-cli/gateway/options"
import * as Prometheus from "effect-adobe-pass-cli/gateway/prometheus"
import * as Target from "effect-adobe-pass-cli/gateway/target"
import * as Warnings from "effect-adobe-pass-cli/gateway/warnings"
import { seeded } from "../support/seeded.js"
import { device } from "../support/system.js"

const isAccepted = (target: string): boolean => Either.isRight(Target.check(target))

describe("the request target of the gateway", () => {
  it.each([
    "/api/v2/ACME/configuration",
    "/esm/v3/media/year/month?mvpd!=A&mvpd!=B&start=2026-01&granularity",
    "/esm/v3/media?a=1&a=2&&b&=c&x=%2e%2e%2f%zz",
    "/api/v2/ACME/profiles/North%20Cable;v=1/.well-known/a..b",
    "/control/v3/degradation/all?x=a'b|c[d]{e}^`\\",
    "/?"
  ])("accepts %s", (target) => {
    assert.isTrue(isAccepted(target))
  })

  it.each([
    "http://sp.auth.adobe.com/api/v2/ACME/configuration",
    "*",
    "",
    "api/v2/ACME",
    "//evil.example/api/v2/ACME",
    "/api//v2/ACME",
    "/api/v2/../o/client/token",
    "/api/v2/./ACME",
    "/api/v2/..",
    "/api/v2/.",
    "/api/v2/..;/o/client/token",
    "/api/v2/.;x/ACME",
    "/api/v2/%2e%2e/o",
    "/api/v2/%2E%2E/o",
    "/api/v2/a%2fb",
    "/api/v2/a%2Fb",
    "/api/v2/a%5cb",
    "/api/v2/a\\..\\b",
    "/api/v2/a%252fb",
    "/api/v2/a%00b",
    "/api/v2/a%0d%0ab",
    "/api/v2/a%7f",
    "/api/v2/a%",
    "/api/v2/a%zz",
    "/api/v2/a b",
    "/api/v2/a\tb",
    "/api/v2/a#b",
    "/api/v2/a?b#c",
    '/api/v2/a"b',
    "/api/v2/<a>",
    "/api/v2/a?b=<c>",
    "/api/v2/\u00e4",
    "/api/v2/a?b=\u00e4"
  ])("refuses %s", (target) => {
    const checked = Target.check(target)
    assert.isTrue(Either.isLeft(checked) && checked.left.status === 400)
  })

  it("passes on what it accepts as it was written, whatever the URL parser of Node.js makes of it", () => {
    const seed = 20_261_126
    const random = seeded(seed)
    const alphabet = [
      "/",
      "/",
      ".",
      "..",
      "%2e",
      "%2F",
      "%41",
      "%",
      "a",
      "B",
      ";",
      "?",
      "=",
      "&",
      "!",
      "\\",
      "#",
      "'",
      "~",
      "@",
      ":",
      " ",
      "<"
    ]
    let accepted = 0
    for (let run = 0; run < 20_000; run++) {
      const length = 1 + Math.floor(random() * 8)
      const target = `/api/v2/${Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("")}`
      if (!isAccepted(target)) continue
      accepted++
      const { pathname, search } = new URL(target, "http://adobe.example")
      const [path = "", ...query] = target.split("?")
      assert.strictEqual(pathname, path, `seed ${seed}: ${target}`)
      assert.strictEqual(search.slice(1), query.join("?").replaceAll("'", "%27"), `seed ${seed}: ${target}`)
    }
    assert.isAbove(accepted, 100)
  })

  it("belongs to the host of its API, and to none otherwise", () => {
    assert.strictEqual(Target.route("/api/v2/ACME/configuration")?.host, "sp")
    for (const path of ["/esm/v3", "/control/v3/degradation", "/reset-tempass/v3/reset", "/cmu/v1"]) {
      assert.strictEqual(Target.route(path)?.host, "mgmt")
    }
    for (const path of [
      "/o/client/register",
      "/o/client/token?x=/api/v2/",
      "/api/v1/x",
      "/api/v2",
      "/esmx/",
      "/"
    ]) {
      assert.isUndefined(Target.route(path))
    }
  })
})

describe("the headers that cross the gateway", () => {
  it("leaves out of a request what belongs to its connection, to its sender, or to the library", () => {
    const dropped = [
      ...["Connection", "close, X-Named"],
      ...["X-Named", "1"],
      ...["Keep-Alive", "1"],
      ...["TE", "trailers"],
      ...["Trailer", "X"],
      ...["Transfer-Encoding", "chunked"],
      ...["Upgrade", "h2c"],
      ...["HTTP2-Settings", "x"],
      ...["Proxy-Authorization", "Basic x"],
      ...["Proxy-Connection", "close"],
      ...["Authorization", "Bearer x"],
      ...["Host", "gateway"],
      ...["Content-Length", "3"],
      ...["Expect", "100-continue"],
      ...["Forwarded", "for=1.2.3.4"],
      ...["X-Forwarded-For", "1.2.3.4"],
      ...["X-Forwarded-Host", "x"],
      ...["Via", "1.1 x"],
      ...["X-Real-IP", "1.2.3.4"],
      ...["Cookie", "a=b"],
      ...["traceparent", "00-1"],
      ...["X-B3-TraceId", "1"],
      ...["X-Gateway-Key", "k"],
      ...["AP-Device-Identifier", "fingerprint x"],
      ...["X-Device-Info", "x"],
      ...["Accept-Encoding", "zstd"]
    ]
    const kept = [
      "Accept",
      "text/csv",
      "AD-Service-Token",
      "t",
      "Accept-Language",
      "de",
      "accept-language",
      "en"
    ]
    assert.deepStrictEqual(ofRequest([...dropped, ...kept]), {
      accept: "text/csv",
      "ad-service-token": "t",
      "accept-language": "de, en",
      "accept-encoding": "gzip, deflate, br"
    })
  })

  it("asks for a range of the body as it is", () => {
    assert.include(ofRequest(["Range", "bytes=0-1"]), { range: "bytes=0-1", "accept-encoding": "identity" })
  })

  it("leaves the encoding out of an answer, whose body is decoded, and keeps each cookie", () => {
    const response = {
      headers: Headers.fromInput({
        connection: "keep-alive, X-Named",
        "x-named": "1",
        "keep-alive": "timeout=4",
        "transfer-encoding": "chunked",
        "content-encoding": "gzip",
        "content-length": "9",
        "proxy-authenticate": "x",
        "set-cookie": "a=1, b=2",
        etag: '"1"'
      }),
      cookies: Cookies.fromSetCookie(["a=1; Path=/", "b=2; HttpOnly"])
    }
    assert.deepStrictEqual(Object.fromEntries(ofResponse(response)), {
      etag: '"1"',
      "set-cookie": ["a=1; Path=/", "b=2; HttpOnly"]
    })
  })
})

/** The options of a gateway with these values of variables. */
const optionsOf = (values: Readonly<Record<string, string>>) =>
  Options.resolve({
    found: new Map(
      Object.entries(values).map(([name, value]) => [
        `ADOBE_PASS_GATEWAY_${name}`,
        { value, source: "variable" }
      ])
    ),
    file: undefined,
    profile: undefined
  }).pipe(Effect.provide(FileSystem.layerNoop({})))

describe("the options of the gateway", () => {
  it.effect("are those of a gateway for this machine, unless told otherwise", () =>
    Effect.gen(function* () {
      const { grace, ...options } = yield* optionsOf({})
      assert.deepStrictEqual(options, {
        host: "127.0.0.1",
        port: 8080,
        allowed: undefined,
        key: undefined,
        allowedHosts: [],
        trustedProxies: undefined,
        maxBody: 16_777_216,
        maxConcurrent: 1000,
        accessLog: "stdout"
      })
      assert.strictEqual(Duration.toSeconds(grace), 30)
    })
  )

  it.effect("are read as they are written", () =>
    Effect.gen(function* () {
      const options = yield* optionsOf({
        LISTEN: "[2001:db8::1]:0",
        ALLOW: "10.0.0.0/8, 2001:db8::7,192.0.2.1",
        ALLOW_HOST: "Gateway.Internal,other:9000",
        KEY: "0123456789abcdef",
        TRUSTED_PROXIES: "2",
        MAX_BODY: "64KiB",
        MAX_CONCURRENT: "7",
        GRACE: "5s",
        ACCESS_LOG: "none"
      })
      assert.deepInclude(options, {
        host: "2001:db8::1",
        port: 0,
        allowedHosts: ["gateway.internal", "other:9000"],
        trustedProxies: 2,
        maxBody: 65_536,
        maxConcurrent: 7,
        accessLog: "none"
      })
      assert.strictEqual(Duration.toSeconds(options.grace), 5)
      assert.isTrue(options.allowed?.check("10.255.0.1") && options.allowed.check("192.0.2.1"))
      assert.isTrue(options.allowed?.check("2001:db8::7", "ipv6"))
      assert.isFalse(options.allowed?.check("192.0.2.2") || options.allowed?.check("2001:db8::8", "ipv6"))
    })
  )

  it.effect.each([
    ["LISTEN", "8080"],
    ["LISTEN", "127.0.0.1:70000"],
    ["LISTEN", "::1:80"],
    ["ALLOW", "10.0.0.0/33"],
    ["ALLOW", "10.0.0.0/8/8"],
    ["ALLOW", "example.com"],
    ["KEY", "short"],
    ["KEY", "with a blank in the middle"],
    ["MAX_BODY", "1 GB"],
    ["MAX_CONCURRENT", "0"],
    ["TRUSTED_PROXIES", "-1"],
    ["GRACE", "soon"],
    ["GRACE", "2 hours"],
    ["ACCESS_LOG", "file"]
  ] as const)("refuse %s, and name the variable", ([name, value]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(optionsOf({ [name]: value }))
      assert.include(error.message, `ADOBE_PASS_GATEWAY_${name}`)
      assert.notInclude(error.message, "undefined")
    })
  )

  it.effect.each(["0.0.0.0:80", "[::]:80", "gateway.internal:80", "192.0.2.1:80"])(
    "refuse to lend credentials to everybody who can reach %s",
    (LISTEN) =>
      Effect.gen(function* () {
        assert.include((yield* Effect.flip(optionsOf({ LISTEN }))).message, "--allow")
        yield* optionsOf({ LISTEN, ALLOW: "10.0.0.0/8" })
        yield* optionsOf({ LISTEN, KEY: "0123456789abcdef" })
      })
  )
})

describe("the access log of the gateway", () => {
  it.each([
    ["/api/v2/ACME/sessions/7QK2M9Z?mvpd=x", "/api/v2/ACME/sessions/*"],
    ["/api/v2/ACME/sessions/sso/Apple", "/api/v2/ACME/sessions/sso/Apple"],
    ["/api/v2/ACME/sessions/ssoCODE", "/api/v2/ACME/sessions/*"],
    ["/api/v2/ACME/profiles/code/7QK2M9Z", "/api/v2/ACME/profiles/code/*"],
    ["/api/v2/authenticate/ACME/7QK2M9Z", "/api/v2/authenticate/ACME/*"],
    ["/api/v2/ACME/profiles/NorthCable", "/api/v2/ACME/profiles/NorthCable"],
    ["http://user:password@adobe.example/api/v2/ACME", "*"],
    [`/x/${"t".repeat(65)}`, "/x/*"]
  ])("writes %s as %s", (target, path) => {
    assert.strictEqual(AccessLog.masked(target), path)
  })

  it("writes one line, and tells devices apart without naming them", () => {
    const entry = {
      time: 0,
      method: "GET",
      target: "/api/v2/A\r\nB/configuration",
      status: 200,
      bytes: 3,
      isCut: false,
      durationMillis: 1.4,
      waitedMillis: 0,
      device: "fingerprint ZGV2aWNl"
    }
    const line = AccessLog.line(entry)
    assert.notInclude(line, "\n")
    assert.notInclude(line, "ZGV2aWNl")
    assert.strictEqual(JSON.parse(line).device, JSON.parse(AccessLog.line(entry)).device)
    assert.notStrictEqual(
      JSON.parse(line).device,
      JSON.parse(AccessLog.line({ ...entry, device: "b" })).device
    )
  })
})

describe("the metrics text of the gateway", () => {
  it.effect("has one HELP and TYPE for each name, cumulative buckets, and escaped labels", () =>
    Effect.gen(function* () {
      const counter = Metric.counter("test_gateway_total", {
        description: "Back\\slash\nand line",
        incremental: true
      })
      yield* Metric.increment(Metric.tagged(counter, "kind", 'a"b\\c\nd'))
      yield* Metric.increment(Metric.tagged(counter, "kind", "plain"))
      yield* Metric.update(Metric.frequency("adobe_pass_calls"), "200")
      const histogram = Metric.histogram("test_gateway_seconds", MetricBoundaries.fromIterable([1, 2]))
      for (const value of [0.5, 1.5, 3]) yield* Metric.update(histogram, value)
      const all = yield* Metric.snapshot
      const text = Prometheus.text(
        all.filter(({ metricKey }) => /^test_gateway|^adobe_pass_calls$/.test(metricKey.name))
      )
      const lines = text.split("\n")
      for (const line of [
        "# HELP test_gateway_total Back\\\\slash\\nand line",
        "# TYPE test_gateway_total counter",
        'test_gateway_total{kind="a\\"b\\\\c\\nd"} 1',
        'test_gateway_total{kind="plain"} 1',
        "# TYPE adobe_pass_calls_total counter",
        'adobe_pass_calls_total{outcome="200"} 1',
        "# TYPE test_gateway_seconds histogram",
        'test_gateway_seconds_bucket{le="1"} 1',
        'test_gateway_seconds_bucket{le="2"} 2',
        'test_gateway_seconds_bucket{le="+Inf"} 3',
        "test_gateway_seconds_sum 5",
        "test_gateway_seconds_count 3"
      ]) {
        assert.include(lines, line)
      }
      assert.strictEqual(text.match(/# TYPE test_gateway_total/g)?.length, 1)
      assert.isTrue(text.endsWith("\n"))
    })
  )
})

describe("the warnings of the gateway", () => {
  const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
  const withoutAddress = Either.getOrThrow(
    Device.make({ id: "device-1", info: "browser", userAgent: browser })
  )

  /** The names of the warnings about these calls, made at once. */
  const given = (calls: ReadonlyArray<readonly [Device.Device, ReadonlyArray<string>]>) =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const logger = Logger.make(({ annotations, logLevel }) => {
        const name = HashMap.get(annotations, "warning")
        if (Option.isSome(name)) names.push(`${logLevel.label} ${name.value}`)
      })
      const warn = Warnings.make()
      const calling = Effect.forEach(calls, ([of, headers]) => warn(of, headers), {
        concurrency: "unbounded"
      })
      yield* Effect.provide(calling, Logger.replace(Logger.defaultLogger, logger))
      return names
    })

  const counts = Effect.map(Metric.value(Metrics.warnings), ({ occurrences }) =>
    ["CallWithoutAddress", "CallWithoutDeviceInfo"].map((name) => occurrences.get(name) ?? 0)
  )

  it.effect("are about X-Forwarded-For and X-Device-Info, and each is given and counted once", () =>
    Effect.gen(function* () {
      const before = yield* counts
      const bare = [withoutAddress, ["User-Agent", "curl/8.5.0"]] as const
      assert.deepStrictEqual(yield* given(Array.from({ length: 50 }, () => bare)), [
        "WARN CallWithoutAddress",
        "WARN CallWithoutDeviceInfo"
      ])
      assert.deepStrictEqual(
        yield* counts,
        before.map((count) => count + 1)
      )
    })
  )

  it.effect("are about neither described devices with an address nor browsers", () =>
    Effect.gen(function* () {
      const right = [
        [device(), ["X-Device-Info", "e30=", "User-Agent", "okhttp/4.12"]],
        [device(), ["user-agent", browser]]
      ] as const
      assert.deepStrictEqual(yield* given(right), [])
    })
  )

  it("are one sentence each, which says what to do", () => {
    for (const message of Object.values(Warnings.messages)) assert.match(message, /^[A-Z][^.:]*: [^.:]*\.$/)
  })
})

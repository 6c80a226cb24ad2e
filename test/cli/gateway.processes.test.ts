import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as Http from "node:http"
import * as Net from "node:net"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { useCli } from "../support/cli.js"
import { searcher, withoutJwtHeader } from "../support/secrets.js"
import {
  deviceHeaders,
  deviceInfo,
  identifierOf,
  raw,
  rawAdobe,
  rawEnvironment,
  recording,
  request,
  startGateway
} from "./gatewaySupport.js"
import { emulator, environmentOf } from "./support.js"

const cli = useCli()

const configuration = "/api/v2/ACME/configuration"

/** A gateway over an emulator. */
const overEmulator = (args: ReadonlyArray<string> = [], options: Parameters<typeof emulator>[0] = {}) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* Effect.orDie(emulator(options))
    const env = yield* environmentOf(adobe, home)
    return { adobe, env, home, ...(yield* startGateway(cli, home, env, args)) }
  })

/** A gateway over a server whose protected calls the test answers. */
const overRaw = (
  call: Parameters<typeof rawAdobe>[0],
  args: ReadonlyArray<string> = [],
  {
    lifetime,
    variables = {}
  }: {
    readonly lifetime?: number
    readonly variables?: Readonly<Record<string, string>>
  } = {}
) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* rawAdobe(call, lifetime)
    const env = { ...(yield* rawEnvironment(adobe, home)), ...variables }
    return { adobe, env, home, ...(yield* startGateway(cli, home, env, args)) }
  })

/** The memory of a process, in MiB. */
const residentOf = async (pid: number): Promise<number> =>
  Number(/VmRSS:\s+(\d+) kB/.exec(await fs.readFile(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

const fileIn = (home: string, name: string, content: string) =>
  Effect.promise(async () => {
    const file = path.join(home, name)
    await fs.writeFile(file, content, { mode: 0o600 })
    return file
  })

describe("what adobe-pass gateway passes on", () => {
  it.scopedLive(
    "the method, the path, the query and the body byte for byte, with a token and the device",
    () =>
      Effect.gen(function* () {
        const { call, received } = recording((_, outgoing) => outgoing.writeHead(204).end())
        const { adobe, port } = yield* overRaw(call)
        const target = "/api/v2/ACME/decisions/North%20Cable?mvpd!=A&mvpd!=B&flag&x=%7e&x=~&=&%zz"
        const headers = [
          ...["Host", `localhost:${port}`],
          ...Object.entries(deviceHeaders("device-1")).flat(),
          ...["Authorization", "Bearer of-the-caller"],
          ...["Connection", "keep-alive, X-Hop"],
          ...["X-Hop", "1"],
          ...["Cookie", "session=1"],
          ...["Via", "1.1 other"],
          ...["X-Real-IP", "10.0.0.1"],
          ...["Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
          ...["User-Agent", "player/1.0"],
          ...["Content-Type", "application/x-www-form-urlencoded"],
          ...["AD-Service-Token", "one"],
          ...["Content-Length", "3"]
        ]
        const answer = yield* request(port, target, { method: "PUT", headers, body: "a=1" })
        assert.strictEqual(answer.status, 204)
        const [got] = received
        assert.strictEqual(got?.method, "PUT")
        assert.strictEqual(got?.target, target)
        assert.strictEqual(got?.body.toString(), "a=1")
        assert.deepInclude(got?.headers, {
          ...deviceHeaders("device-1"),
          authorization: `Bearer ${adobe.token()}`,
          host: new URL(adobe.url).host,
          "user-agent": "player/1.0",
          "content-type": "application/x-www-form-urlencoded",
          "ad-service-token": "one"
        })
        assert.doesNotHaveAnyKeys(got?.headers, ["x-hop", "cookie", "via", "x-real-ip", "traceparent"])
      })
  )

  it.scopedLive("status, headers, cookies and the decoded body of an answer", () =>
    Effect.gen(function* () {
      const { port } = yield* overRaw((incoming, outgoing) => {
        incoming.resume()
        outgoing
          .writeHead(409, {
            "content-type": "text/csv",
            "content-encoding": "gzip",
            "set-cookie": ["a=1; Path=/", "b=2; HttpOnly"],
            "keep-alive": "timeout=99",
            "x-request-id": "r-1"
          })
          .end(gzipSync("year,month\n"))
      })
      const { body, headers, status } = yield* request(port, "/esm/v3/media", { headers: deviceHeaders("d") })
      assert.strictEqual(status, 409)
      assert.strictEqual(body, "year,month\n")
      assert.deepInclude(headers, {
        "content-type": "text/csv",
        "set-cookie": ["a=1; Path=/", "b=2; HttpOnly"],
        "x-request-id": "r-1"
      })
      assert.notProperty(headers, "content-encoding")
      assert.notStrictEqual(headers["keep-alive"], "timeout=99")
    })
  )

  it.scopedLive("bodies of any length in both directions, and a long one only once", () =>
    Effect.gen(function* () {
      let refused = 0
      const { call, received } = recording((one, outgoing) => {
        const isFirst = refused === 0 && one.body.length > 65_536
        if (isFirst) refused++
        outgoing.writeHead(isFirst ? 401 : 200).end(isFirst ? "" : one.body)
      })
      const { port } = yield* overRaw(call, ["--max-body", "1MiB"])
      const long = "x".repeat(300_000)
      const headers = deviceHeaders("d")
      const first = yield* request(port, configuration, { method: "POST", headers, body: long })
      assert.strictEqual(first.status, 503, "a 401 for a streamed body cannot be cured")
      assert.include(JSON.parse(first.body), { error: "AccessTokenRejected", retryable: true })
      assert.strictEqual(received.length, 1)
      const second = yield* request(port, configuration, { method: "POST", headers, body: long })
      assert.strictEqual(second.status, 200)
      assert.strictEqual(second.body, long)
      const chunked = { ...headers, "transfer-encoding": "chunked" }
      assert.strictEqual(
        (yield* request(port, configuration, { method: "POST", headers: chunked, body: "abc" })).body,
        "abc"
      )
      const tooLong = "x".repeat(1_048_577)
      for (const given of [headers, chunked]) {
        const { body, status } = yield* request(port, configuration, {
          method: "POST",
          headers: given,
          body: tooLong
        })
        assert.strictEqual(status, 413)
        assert.strictEqual(JSON.parse(body).error, "BodyTooLarge")
      }
    })
  )

  it.scopedLive("a call again after a 401, with another token and the same body", () =>
    Effect.gen(function* () {
      const { adobe, port } = yield* overEmulator([], { restV2: "echo" })
      const options = { method: "POST", headers: deviceHeaders("d"), body: "a=1" }
      assert.strictEqual((yield* request(port, configuration, options)).status, 200)
      yield* adobe.revokeTokens
      const answer = yield* request(port, configuration, options)
      assert.strictEqual(answer.status, 200, answer.body)
      assert.include(answer.body, "a=1")
      assert.include(yield* adobe.counts, { register: 1, token: 2 })
    })
  )

  it.scopedLive("a gigabyte in flat memory, as fast as its reader reads", () =>
    Effect.gen(function* () {
      const chunk = Buffer.alloc(1_048_576, "x")
      const total = 1024
      let written = 0
      const { port, running } = yield* overRaw((incoming, outgoing) => {
        incoming.resume()
        outgoing.writeHead(200, { "content-length": total * chunk.length })
        const write = (): void => {
          while (written < total) {
            written++
            if (!outgoing.write(chunk)) return void outgoing.once("drain", write)
          }
          outgoing.end()
        }
        write()
      })
      const resident = () => residentOf(running.pid)
      const answer = yield* Effect.promise(
        () =>
          new Promise<Http.IncomingMessage>((resolve, reject) => {
            Http.get(
              { port, host: "127.0.0.1", path: "/esm/v3/report", headers: deviceHeaders("d") },
              resolve
            ).on("error", reject)
          })
      )
      /** Until nothing more is taken from Adobe Pass while the gateway answers others. */
      for (let [before, rounds] = [-1, 0]; rounds < 20; rounds = before === written ? rounds + 1 : 0) {
        before = written
        yield* request(port, "/healthz")
      }
      assert.isBelow(written, 64, "MiB that were taken from Adobe Pass before the reader wanted them")
      const { before, most, size } = yield* Effect.promise(async () => {
        const before = await resident()
        const found = { before, most: before, size: 0 }
        let next = 0
        for await (const piece of answer) {
          found.size += piece.length
          if (found.size < next) continue
          next += 32 * chunk.length
          found.most = Math.max(found.most, await resident())
        }
        return found
      })
      assert.strictEqual(size, total * chunk.length)
      assert.isBelow(most - before, 256, "MiB of growth")
    })
  )

  it.scopedLive("a body of a quarter of a gigabyte in flat memory, as fast as Adobe Pass reads", () =>
    Effect.gen(function* () {
      const chunk = Buffer.alloc(1_048_576, "x")
      const total = 256
      let size = 0
      const { port, running } = yield* overRaw(
        (incoming, outgoing) => {
          incoming.on("data", (piece: Buffer) => {
            size += piece.length
          })
          incoming.once("end", () => outgoing.end("received"))
        },
        ["--max-body", "300MiB"],
        { variables: { ADOBE_PASS_TIMEOUT: "10 minutes" } }
      )
      const { before, most, status } = yield* Effect.promise(async () => {
        const before = await residentOf(running.pid)
        let most = before
        const call = Http.request({
          port,
          host: "127.0.0.1",
          method: "POST",
          path: "/api/v2/ACME/sessions",
          headers: { ...deviceHeaders("d"), "content-length": total * chunk.length }
        })
        const answered = once(call, "response")
        for (let sent = 0; sent < total; sent++) {
          if (!call.write(chunk)) await once(call, "drain")
          if (sent % 32 === 0) most = Math.max(most, await residentOf(running.pid))
        }
        call.end()
        const [answer] = await answered
        answer.resume()
        return { before, most, status: answer.statusCode }
      })
      assert.strictEqual(status, 200)
      assert.strictEqual(size, total * chunk.length)
      assert.isBelow(most - before, 128, "MiB of growth")
    })
  )

  it.scopedLive("the end of a connection, in both directions", () =>
    Effect.gen(function* () {
      const isGone = yield* Deferred.make<void>()
      const isThere = yield* Deferred.make<void>()
      const { port } = yield* overRaw((incoming, outgoing) => {
        incoming.resume()
        if (incoming.url === "/esm/broken") {
          outgoing.writeHead(200, { "content-length": 200_000 })
          outgoing.write("x".repeat(100_000), () => outgoing.destroy())
          return
        }
        Deferred.unsafeDone(isThere, Effect.void)
        outgoing.once("close", () => Deferred.unsafeDone(isGone, Effect.void))
      })
      const broken = yield* raw(port, `GET /esm/broken HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)
      assert.match(broken, /^HTTP\/1\.1 200 /)
      assert.isBelow(broken.length, 150_000, "the caller sees that the body is not complete")
      const leaving = Http.get({ port, host: "127.0.0.1", path: "/esm/slow" }).on("error", () => {})
      yield* Deferred.await(isThere)
      leaving.destroy()
      yield* Deferred.await(isGone)
    })
  )
})

describe("the sessions of adobe-pass gateway", () => {
  it.scopedLive("are one for each device, and one for all calls without a device", () =>
    Effect.gen(function* () {
      const { adobe, port, running } = yield* overEmulator([], { restV2: "echo" })
      const calls = ["a", "b", "c", "a", "b", "c"].map((id, index) =>
        request(port, configuration, { headers: deviceHeaders(id, `203.0.113.${index}`) })
      )
      for (const { status } of yield* Effect.all(calls, { concurrency: "unbounded" })) {
        assert.strictEqual(status, 200)
      }
      assert.include(yield* adobe.counts, { register: 3, token: 3 })
      for (let index = 0; index < 3; index++) yield* request(port, "/esm/v3/media")
      assert.include(yield* adobe.counts, { register: 4, token: 4 })
      yield* running.signal("SIGTERM")
      assert.strictEqual((yield* running.ended).code, 0)
    })
  )

  it.scopedLive("are described by what the caller says of its device, and by nothing else", () =>
    Effect.gen(function* () {
      const { call, received } = recording((_, outgoing) => outgoing.end())
      const { port } = yield* overRaw(call)
      const info = { ...deviceInfo, connectionIp: "198.51.100.9", connectionPort: "51617" }
      const base64 = Buffer.from(JSON.stringify(info)).toString("base64")
      const send = (headers: Record<string, string>) => request(port, configuration, { headers })
      yield* send({ ...deviceHeaders("d", "203.0.113.7, 10.0.0.1"), "x-device-info": base64 })
      yield* send({ "ap-device-identifier": identifierOf("browser"), "user-agent": "Mozilla/5.0" })
      yield* send({ "user-agent": "script/1" })
      const sent = (index: number, name: string) => received[index]?.headers[name]
      assert.strictEqual(sent(0, "x-forwarded-for"), "203.0.113.7")
      assert.deepInclude(JSON.parse(Buffer.from(String(sent(0, "x-device-info")), "base64").toString()), info)
      assert.strictEqual(sent(1, "user-agent"), "Mozilla/5.0")
      assert.isUndefined(sent(1, "x-device-info"))
      assert.isUndefined(sent(1, "x-forwarded-for"))
      assert.isUndefined(sent(2, "ap-device-identifier"))
      assert.strictEqual(sent(2, "user-agent"), "script/1")
      for (const headers of [
        { "ap-device-identifier": "device-1" },
        { "ap-device-identifier": "fingerprint ZA", "user-agent": "x" },
        { "ap-device-identifier": identifierOf("d") },
        { ...deviceHeaders("d"), "x-device-info": "bm8=" },
        { ...deviceHeaders("d"), "x-forwarded-for": "nowhere" },
        { "x-device-info": base64 }
      ]) {
        const { body, status } = yield* send(headers)
        assert.strictEqual(status, 400, JSON.stringify(headers))
        assert.strictEqual(JSON.parse(body).error, "InvalidDevice")
      }
      assert.strictEqual(received.length, 3)
    })
  )

  it.scopedLive("take the address from the proxies that are trusted", () =>
    Effect.gen(function* () {
      const { call, received } = recording((_, outgoing) => outgoing.end())
      const { port } = yield* overRaw(call, ["--trusted-proxies", "1"])
      yield* request(port, configuration, { headers: deviceHeaders("d", "203.0.113.66, 203.0.113.7") })
      assert.strictEqual(received[0]?.headers["x-forwarded-for"], "203.0.113.7")
    })
  )
})

describe("adobe-pass gateway while Adobe Pass is away", () => {
  it.scopedLive("answers 503, and never uses a token that has expired", () =>
    Effect.gen(function* () {
      const { adobe, port } = yield* overEmulator([], { restV2: "echo" })
      const send = request(port, configuration, { headers: deviceHeaders("d") })
      yield* adobe.setTokenTtl("1 second")
      assert.strictEqual((yield* send).status, 200)
      yield* adobe.fail({ route: "token", fault: Fault.answer(503), times: Number.POSITIVE_INFINITY })
      const away = yield* Effect.repeat(send, { until: ({ status }) => status === 503 })
      assert.include(JSON.parse(away.body), { error: "ServiceUnavailable", retryable: true })
      const before = (yield* adobe.counts).api
      for (let call = 0; call < 5; call++) assert.strictEqual((yield* send).status, 503)
      assert.strictEqual(
        (yield* adobe.counts).api,
        before,
        "a call was sent without a token that may be used"
      )
      const { body } = yield* request(port, "/status")
      assert.isAbove(JSON.parse(body).consecutive_failures, 0)
      yield* adobe.clearFaults
      const back = yield* Effect.repeat(send, { until: ({ status }) => status === 200 })
      assert.strictEqual(back.status, 200)
    })
  )

  it.scopedLive(
    "says so when nothing listens there, when it is too slow, and when it refuses the application",
    () =>
      Effect.gen(function* () {
        const home = yield* cli.home
        const adobe = yield* rawAdobe(() => {})
        const env = yield* rawEnvironment(adobe, home)
        const gone = { ...env, ADOBE_PASS_SP_URL: "http://127.0.0.1:9", ADOBE_PASS_RETRY_ATTEMPTS: "1" }
        const away = yield* startGateway(cli, home, gone)
        assert.strictEqual((yield* request(away.port, configuration)).status, 503)
        const slow = yield* startGateway(cli, home, { ...env, ADOBE_PASS_TIMEOUT: "200 millis" })
        const { body, status } = yield* request(slow.port, "/esm/x", { method: "POST" })
        assert.strictEqual(status, 504)
        assert.include(JSON.parse(body), { error: "TransportError", retryable: true })
        const refusing = yield* Effect.orDie(emulator())
        yield* refusing.revokeStatement()
        const refused = yield* startGateway(cli, home, yield* environmentOf(refusing, home))
        const answer = yield* request(refused.port, configuration)
        assert.strictEqual(answer.status, 502)
        assert.include(JSON.parse(answer.body), { error: "UnapprovedSoftwareStatement", retryable: false })
      })
  )

  it.scopedLive("asks callers to wait when their own queue is too long", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const adobe = yield* Effect.orDie(emulator({ restV2: "echo" }))
      const env = { ...(yield* environmentOf(adobe, home)), ADOBE_PASS_THROTTLE_MAX_WAIT: "1 millis" }
      const { port } = yield* startGateway(cli, home, env)
      const calls = Array.from({ length: 20 }, () =>
        request(port, configuration, { headers: deviceHeaders("d") })
      )
      const answers = yield* Effect.all(calls, { concurrency: "unbounded" })
      const told = answers.filter(({ status }) => status === 503)
      assert.isAbove(told.length, 0)
      for (const { body, headers } of told) {
        assert.strictEqual(JSON.parse(body).error, "Throttled")
        assert.match(headers["retry-after"] ?? "", /^[1-9]\d*$/)
      }
      assert.strictEqual(answers.filter(({ status }) => status === 429).length, 0)
    })
  )
})

describe("the limits of adobe-pass gateway", () => {
  it.scopedLive("let so many calls be under way at once, and ask the next one to come again", () =>
    Effect.gen(function* () {
      const waiting: Array<Http.ServerResponse> = []
      const isThere = yield* Deferred.make<void>()
      const { port } = yield* overRaw(
        (incoming, outgoing) => {
          incoming.resume()
          waiting.push(outgoing)
          Deferred.unsafeDone(isThere, Effect.void)
        },
        ["--max-concurrent", "1"]
      )
      const first = yield* Effect.fork(request(port, "/esm/v3/report"))
      yield* Deferred.await(isThere)
      const { body, headers, status } = yield* request(port, configuration)
      assert.strictEqual(status, 503)
      assert.include(JSON.parse(body), { error: "TooManyCalls", retryable: true })
      assert.strictEqual(headers["retry-after"], "1")
      assert.strictEqual(JSON.parse((yield* request(port, "/status")).body).in_flight, 1)
      for (const outgoing of waiting) outgoing.end()
      assert.strictEqual((yield* first).status, 200)
      assert.strictEqual(waiting.length, 1)
    })
  )

  it.scopedLive(
    "are told of in the log and the status: waits for a permit, and what Adobe Pass has throttled",
    () =>
      Effect.gen(function* () {
        const home = yield* cli.home
        let isThrottling = false
        const adobe = yield* rawAdobe((incoming, outgoing) => {
          incoming.resume()
          outgoing.writeHead(isThrottling ? 429 : 200, isThrottling ? { "retry-after": "60" } : {}).end()
        })
        const env = {
          ...(yield* rawEnvironment(adobe, home)),
          ADOBE_PASS_THROTTLE_RATE: "20",
          ADOBE_PASS_THROTTLE_BURST: "0"
        }
        const { port, running } = yield* startGateway(cli, home, env)
        const send = request(port, configuration, { headers: deviceHeaders("d") })
        yield* Effect.all([send, send, send], { concurrency: "unbounded" })
        isThrottling = true
        const { headers, status } = yield* send
        assert.strictEqual(status, 429, "passed on, because a wait of a minute is beyond the budget")
        assert.strictEqual(headers["retry-after"], "60")
        const said = JSON.parse((yield* request(port, "/status")).body)
        assert.deepInclude(said, { consecutive_failures: 1, throttle: { buckets: 1, held: 1 } })
        assert.deepStrictEqual(
          said.incidents.map(({ incident }: { incident: string }) => incident),
          ["Throttled"]
        )
        yield* running.signal("SIGTERM")
        assert.match((yield* running.ended).stdout, /"waited_ms":\d+/)
      })
  )
})

describe("who may call adobe-pass gateway", () => {
  it.scopedLive("beyond this machine only with a rule, and it says which flags make one", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const { code, stderr } = yield* cli.run(home, ["gateway", "--listen", "0.0.0.0:0"])
      assert.strictEqual(code, 3)
      assert.include(stderr, "--allow")
      assert.include(stderr, "--key-file")
      assert.strictEqual(stderr.trim().split("\n").length, 1)
    })
  )

  it.scopedLive("whoever has the shared key, which goes no further", () =>
    Effect.gen(function* () {
      const key = "the-shared-key-of-this-gateway"
      const { call, received } = recording((_, outgoing) => outgoing.end())
      const home = yield* cli.home
      const adobe = yield* rawAdobe(call)
      const file = yield* fileIn(home, "key.txt", `${key}\n`)
      const env = yield* rawEnvironment(adobe, home)
      const { port, running, url } = yield* startGateway(cli, home, env, ["--key-file", file])
      for (const target of [configuration, "/status", "/metrics", "/readyz"]) {
        const statusWith = (given: ReadonlyArray<string>) =>
          Effect.map(
            request(port, target, { headers: ["Host", `127.0.0.1:${port}`, ...given] }),
            ({ status }) => status
          )
        assert.strictEqual(yield* statusWith([]), 401)
        assert.strictEqual(yield* statusWith(["X-Gateway-Key", `${key}x`]), 401)
        assert.strictEqual(yield* statusWith(["X-Gateway-Key", key, "X-Gateway-Key", key]), 401)
        assert.strictEqual(yield* statusWith(["X-Gateway-Key", key]), 200)
      }
      assert.strictEqual((yield* request(port, "/healthz")).status, 200)
      assert.strictEqual(received.length, 1)
      assert.notInclude(JSON.stringify(received[0]?.headers), key)
      const without = yield* cli.run(home, ["gateway", "status", "--url", url])
      assert.strictEqual(without.code, 3)
      assert.include(without.stderr, "--key-file")
      const shown = yield* cli.run(home, ["gateway", "status", "--url", url], {
        env: { ADOBE_PASS_GATEWAY_KEY: key }
      })
      assert.strictEqual(shown.code, 0, shown.stderr)
      assert.match(shown.stdout, /^gateway +up for /)
      assert.notInclude(running.stdout() + running.stderr(), key)
      const short = yield* fileIn(home, "short.txt", "short")
      assert.strictEqual((yield* cli.run(home, ["gateway", "--key-file", short])).code, 3)
    })
  )

  it.scopedLive("only addresses of the allow-list", () =>
    Effect.gen(function* () {
      const { port, running } = yield* overRaw(
        (_, outgoing) => outgoing.end(),
        ["--allow", "10.0.0.0/8", "--allow", "::1"]
      )
      const { body, status } = yield* request(port, configuration)
      assert.strictEqual(status, 403)
      assert.strictEqual(JSON.parse(body).error, "AddressNotAllowed")
      assert.strictEqual((yield* request(port, "/healthz")).status, 200)
      yield* running.says(/an allow-list/)
      const allowing = yield* overRaw((_, outgoing) => outgoing.end(), ["--allow", "127.0.0.0/8"])
      assert.strictEqual((yield* request(allowing.port, configuration)).status, 200)
    })
  )

  it.scopedLive("nobody whom a web page sends, by another name or from another origin", () =>
    Effect.gen(function* () {
      const { port } = yield* overRaw((_, outgoing) => outgoing.end(), ["--allow-host", "gateway.internal"])
      const statusWith = (headers: Record<string, string>) =>
        Effect.map(request(port, configuration, { headers }), ({ status }) => status)
      for (const host of [
        `127.0.0.1:${port}`,
        `localhost:${port}`,
        `[::1]:${port}`,
        "Gateway.Internal",
        "gateway.internal:1"
      ]) {
        assert.strictEqual(yield* statusWith({ host }), 200, host)
      }
      for (const host of [
        "evil.example",
        `evil.example:${port}`,
        "localhost",
        "127.0.0.1:1",
        `localhost:${port}.evil`
      ]) {
        assert.strictEqual(yield* statusWith({ host }), 421, host)
      }
      assert.strictEqual(yield* statusWith({ origin: "https://evil.example" }), 403)
      assert.strictEqual(yield* statusWith({ origin: "null" }), 403)
      assert.strictEqual(yield* statusWith({ "sec-fetch-site": "cross-site" }), 403)
      assert.strictEqual(
        yield* statusWith({ origin: `http://localhost:${port}`, "sec-fetch-site": "same-origin" }),
        200
      )
    })
  )
})

describe("what adobe-pass gateway says of itself", () => {
  it.scopedLive("metrics that parse, a status, and a log without secrets", () =>
    Effect.gen(function* () {
      const { adobe, port, running, url } = yield* overEmulator()
      const id = "0f5c8d1e-device-of-a-person"
      const code = "SESSIONCODE1"
      const targets = [
        configuration,
        `/api/v2/ACME/sessions/${code}?mvpd=x`,
        `/api/v2/ACME/profiles/code/${code}`
      ]
      for (const target of targets) yield* request(port, `${target}`, { headers: deviceHeaders(id) })
      const metrics = yield* request(port, "/metrics")
      assert.include(metrics.headers["content-type"], "version=0.0.4")
      const sample =
        /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? [-+\d.eInfNa]+)$/
      for (const line of metrics.body.trimEnd().split("\n")) assert.match(line, sample)
      assert.include(metrics.body, 'adobe_pass_calls_total{outcome="200"} 1\n')
      assert.include(metrics.body, 'adobe_pass_gateway_requests_total{status="2xx"} 1\n')
      assert.include(metrics.body, "adobe_pass_token_hits_total 2\n")
      assert.include(metrics.body, "adobe_pass_token_misses_total 1\n")
      assert.include(metrics.body, 'adobe_pass_store_latency_millis_count{operation="saveCredentials"} 1\n')
      const shown = yield* cli.run("/", ["gateway", "status", "--json", "--url", url])
      assert.strictEqual(shown.code, 0, shown.stderr)
      assert.deepInclude(JSON.parse(shown.stdout), {
        environment: "emulated",
        sessions: 1,
        calls: 3,
        token_requests: 1,
        token_hit_ratio: 0.667,
        consecutive_failures: 0,
        in_flight: 0,
        incidents: []
      })
      assert.strictEqual((yield* request(port, "/readyz")).status, 200)
      yield* running.signal("SIGINT")
      const { code: exitCode, stderr, stdout } = yield* running.ended
      assert.strictEqual(exitCode, 0)
      const lines = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
      assert.deepInclude(lines[1], { method: "GET", path: "/api/v2/ACME/sessions/*" })
      assert.strictEqual(lines[0].device, lines[2].device)
      const secrets = [
        { name: "device id", value: id },
        { name: "code", value: code },
        { name: "address", value: "203.0.113.7" },
        { name: "statement", value: withoutJwtHeader(adobe.softwareStatement) },
        ...(yield* adobe.clients).map((value) => ({ name: "client id", value })),
        ...(yield* adobe.log).flatMap(({ headers }) => {
          const token = headers["authorization"]?.replace("Bearer ", "")
          return token === undefined ? [] : [{ name: "token", value: withoutJwtHeader(token) }]
        })
      ]
      assert.isTrue(secrets.some(({ name }) => name === "token"))
      assert.deepStrictEqual(searcher(secrets)(stdout + stderr), [])
    })
  )

  it.scopedLive("that it is not ready when the store cannot be read", () =>
    Effect.gen(function* () {
      const { home, port } = yield* overEmulator()
      assert.strictEqual((yield* request(port, "/readyz")).status, 200)
      yield* request(port, configuration)
      yield* Effect.promise(async () => {
        for (const name of await fs.readdir(path.join(home, "store"), { recursive: true })) {
          const file = path.join(home, "store", name)
          if ((await fs.stat(file)).isFile()) await fs.writeFile(file, "{")
        }
      })
      const answer = yield* Effect.repeat(request(port, "/readyz"), { until: ({ status }) => status !== 200 })
      assert.strictEqual(answer.status, 503)
      assert.include(JSON.parse(answer.body), { error: "CredentialStoreError" })
      assert.strictEqual((yield* request(port, "/healthz")).status, 200)
    })
  )

  it.scopedLive("in a terminal where it listens and who may call", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const adobe = yield* Effect.orDie(emulator())
      const env = yield* environmentOf(adobe, home)
      const terminal = yield* cli.terminal(
        home,
        ["gateway", "--listen", "127.0.0.1:0", "--access-log", "none"],
        { env }
      )
      const [, port] = yield* Effect.orDie(
        terminal.says(/listens on http:\/\/127\.0\.0\.1:(\d+) for emulated; every program/)
      )
      assert.strictEqual((yield* request(Number(port), configuration)).status, 200)
      yield* terminal.type("\u0003")
      const { code, screen } = yield* terminal.ended
      assert.strictEqual(code, 0)
      assert.notInclude(screen, configuration)
    })
  )
})

describe("the end of adobe-pass gateway", () => {
  it.scopedLive("lets 100 calls under way finish, and cuts none", () =>
    Effect.gen(function* () {
      const waiting: Array<Http.ServerResponse> = []
      const all = yield* Deferred.make<void>()
      const home = yield* cli.home
      const adobe = yield* rawAdobe((incoming, outgoing) => {
        incoming.resume()
        waiting.push(outgoing)
        if (waiting.length === 100) Deferred.unsafeDone(all, Effect.void)
      })
      const env = { ...(yield* rawEnvironment(adobe, home)), ADOBE_PASS_TRANSPORT_CONNECTIONS: "100" }
      const { port, running } = yield* startGateway(cli, home, env)
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() => new Http.Agent({ keepAlive: true })),
        (agent) => Effect.sync(() => agent.destroy())
      )
      const calls = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 100 }, (_, index) => request(port, `/esm/v3/report?n=${index}`, { agent })),
          { concurrency: "unbounded" }
        )
      )
      yield* Deferred.await(all)
      yield* running.signal("SIGTERM")
      yield* Effect.orDie(running.says(/gateway ends/))
      for (const outgoing of waiting) outgoing.end("x".repeat(10_000))
      const answers = yield* calls
      for (const { body, headers, status } of answers) {
        assert.strictEqual(status, 200)
        assert.strictEqual(body.length, 10_000)
        assert.strictEqual(headers.connection, "close")
      }
      assert.strictEqual((yield* running.ended).code, 0)
    })
  )

  it.scopedLive("answers calls that take longer than the grace period with 503", () =>
    Effect.gen(function* () {
      const isThere = yield* Deferred.make<void>()
      const { port, running } = yield* overRaw(
        (incoming) => {
          incoming.resume()
          Deferred.unsafeDone(isThere, Effect.void)
        },
        ["--grace", "0 seconds"]
      )
      const call = yield* Effect.fork(request(port, "/esm/v3/report"))
      yield* Deferred.await(isThere)
      yield* running.signal("SIGTERM")
      const { body, headers, status } = yield* call
      assert.strictEqual(status, 503)
      assert.include(JSON.parse(body), { error: "ShuttingDown", retryable: true })
      assert.strictEqual(headers.connection, "close")
      assert.strictEqual((yield* running.ended).code, 0)
    })
  )

  it.scopedLive("does not wait for the rest of a body that does not come", () =>
    Effect.gen(function* () {
      const { port, running } = yield* overRaw(() => {}, ["--grace", "0 seconds"])
      const head = `POST /api/v2/ACME/sessions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 100\r\n\r\n`
      const call = yield* Effect.fork(raw(port, `${head}only this`))
      yield* Effect.repeat(request(port, "/status"), {
        until: ({ body }) => JSON.parse(body).in_flight === 1
      })
      yield* running.signal("SIGTERM")
      assert.strictEqual((yield* running.ended).code, 0)
      assert.match(yield* call, /^HTTP\/1\.1 503 /)
    })
  )

  it.scopedLive("comes at once at a second signal", () =>
    Effect.gen(function* () {
      const isThere = yield* Deferred.make<void>()
      const { port, running } = yield* overRaw((incoming) => {
        incoming.resume()
        Deferred.unsafeDone(isThere, Effect.void)
      })
      const call = Http.get({ port, host: "127.0.0.1", path: "/esm/v3/report" }).on("error", () => {})
      yield* Deferred.await(isThere)
      yield* running.signal("SIGTERM")
      yield* Effect.orDie(running.says(/gateway ends/))
      yield* running.signal("SIGTERM")
      assert.strictEqual((yield* running.ended).code, 143)
      call.destroy()
    })
  )

  it.scopedLive("refuses new calls on open connections, and says that it is not ready", () =>
    Effect.gen(function* () {
      const waiting: Array<Http.ServerResponse> = []
      const { port, running } = yield* overRaw((incoming, outgoing) => {
        incoming.resume()
        outgoing.writeHead(200, { "content-length": 100_004 }).write("x".repeat(100_000))
        waiting.push(outgoing)
      })
      const head = (target: string) => `GET ${target} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`
      const open = Effect.acquireRelease(
        Effect.sync(() => Net.connect(port, "127.0.0.1")),
        (socket) => Effect.sync(() => socket.destroy())
      )
      /** A connection whose first answer has begun. */
      const begun = Effect.gen(function* () {
        const socket = yield* open
        let received = ""
        const hasBegun = yield* Deferred.make<void>()
        const closed = yield* Deferred.make<void>()
        socket.on("data", (chunk) => {
          received += chunk.toString()
          Deferred.unsafeDone(hasBegun, Effect.void)
        })
        socket.once("close", () => Deferred.unsafeDone(closed, Effect.void))
        socket.write(head("/esm/v3/report"))
        yield* Deferred.await(hasBegun)
        const write = (text: string) =>
          Effect.async<void>((resume) => void socket.write(text, () => resume(Effect.void)))
        return { write, all: Effect.map(Deferred.await(closed), () => received) }
      })
      const connections = [yield* begun, yield* begun]
      yield* running.signal("SIGTERM")
      yield* Effect.orDie(running.says(/gateway ends/))
      for (const [index, target] of ["/esm/v3/other", "/readyz"].entries()) {
        yield* connections[index]?.write(head(target)) ?? Effect.void
      }
      for (const outgoing of waiting) outgoing.end("done")
      for (const { all } of connections) {
        assert.match(
          yield* all,
          /^HTTP\/1\.1 200 [\s\S]*doneHTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*ShuttingDown/i
        )
      }
      assert.strictEqual(waiting.length, 2)
      assert.strictEqual((yield* running.ended).code, 0)
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { say, statusesOf, type WireSystem, wireAdobe, wireSystem } from "./gateway/wire.js"
import { deviceHeaders, identifierOf } from "./gatewaySupport.js"

const cli = useCli()

const system = (args: ReadonlyArray<string> = []) => wireSystem(cli, undefined, args)

const target = "/api/v2/ACME/configuration"
const smuggled = "GET /api/v2/SMUGGLED HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: close\r\n\r\n"

/** A request; `PORT` in it stands for the port of the gateway. */
const requestOf = (headers: ReadonlyArray<string>, body = "", line = `POST ${target} HTTP/1.1`): string =>
  [line, "Host: localhost:PORT", "Connection: close", ...headers].map((text) => `${text}\r\n`).join("") +
  `\r\n${body}`

const get = (path: string, headers: ReadonlyArray<string> = []) =>
  requestOf(headers, "", `GET ${path} HTTP/1.1`)

type Case = readonly [what: string, bytes: string, statuses?: ReadonlyArray<number>]

/** A body of unknown length is on its way before its end is known to be broken, and is never ended. */
const mayBegin = ([, bytes]: Case): boolean => /Transfer-Encoding:\s+chunked\r\n/.test(bytes)

/** Sends each request, and expects exactly these answers (a single 400 by default) and that nothing is passed on. */
const refused = ({ adobe, port }: WireSystem, cases: ReadonlyArray<Case>) =>
  Effect.gen(function* () {
    const passed: Array<unknown> = []
    // What may begin comes last, because its connection to Adobe Pass may be seen during the next case.
    for (const each of cases.toSorted((one, other) => Number(mayBegin(one)) - Number(mayBegin(other)))) {
      const [what, bytes, statuses = [400]] = each
      const before = { connections: adobe.connections(), calls: adobe.calls.length }
      const answers = yield* say(port, bytes.replaceAll("PORT", String(port)))
      const got = statusesOf(answers)
      if (JSON.stringify(got) !== JSON.stringify(statuses)) passed.push([what, got, statuses])
      const hasBegun = adobe.connections() !== before.connections && !mayBegin(each)
      if (hasBegun || adobe.calls.length > before.calls) passed.push([what, "was passed on"])
    }
    assert.deepStrictEqual(passed, [])
  })

/** It still works, has not told of a fault of its own, and ends as it should. */
const isSound = ({ adobe, port, running }: WireSystem) =>
  Effect.gen(function* () {
    const before = adobe.calls.length
    const answers = yield* say(port, get(target).replaceAll("PORT", String(port)))
    assert.deepStrictEqual(statusesOf(answers), [200])
    assert.strictEqual(adobe.calls.length, before + 1)
    assert.deepStrictEqual(adobe.broken, [])
    yield* running.signal("SIGTERM")
    const { code, stderr, stdout } = yield* running.ended
    assert.strictEqual(code, 0)
    assert.notMatch(stderr, /fault|error|warn/i)
    assert.notInclude(stdout, "SMUGGLED")
  })

describe("adobe-pass gateway refuses", () => {
  it.scopedLive("requests whose end two servers could see in different places", () =>
    Effect.gen(function* () {
      const gateway = yield* system()
      const length = (value: string): Case => [
        `Content-Length: ${value}`,
        requestOf([`Content-Length: ${value}`], `a=1${smuggled}`)
      ]
      const encoding = (...lines: ReadonlyArray<string>): Case => [
        lines.join(", "),
        requestOf(lines, `3\r\na=1\r\n0\r\n\r\n${smuggled}`)
      ]
      const chunked = (what: string, body: string): Case => [
        what,
        requestOf(["Transfer-Encoding: chunked"], body + smuggled)
      ]
      yield* refused(gateway, [
        encoding("Content-Length: 3", "Transfer-Encoding: chunked"),
        encoding("Transfer-Encoding: chunked", "Content-Length: 3"),
        encoding("Transfer-Encoding: chunked", "Content-Length: 0"),
        ["two lengths", requestOf(["Content-Length: 3", "Content-Length: 99"], `a=1${smuggled}`)],
        ["the same length twice", requestOf(["Content-Length: 3", "Content-Length: 3"], `a=1${smuggled}`)],
        ...[
          "+3",
          "-3",
          "0x3",
          "3 3",
          "3, 3",
          "3;",
          "",
          " ",
          "3.0",
          "1e1",
          "99999999999999999999",
          "\x003"
        ].map(length),
        encoding("Transfer-Encoding: chunked, chunked"),
        encoding("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        encoding("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        encoding("Transfer-Encoding: identity", "Transfer-Encoding: chunked"),
        encoding("Transfer-Encoding: identity"),
        encoding("Transfer-Encoding: gzip, chunked"),
        encoding("Transfer-Encoding: chunked, gzip"),
        encoding("Transfer-Encoding: xchunked"),
        encoding("Transfer-Encoding: chunkedx"),
        encoding('Transfer-Encoding: "chunked"'),
        encoding("Transfer-Encoding: chunked;q=1"),
        encoding("Transfer-Encoding: \x0bchunked"),
        encoding("Transfer-Encoding: chunked\x0c"),
        encoding("Transfer-Encoding: \xa0chunked"),
        encoding("Transfer-Encoding : chunked"),
        encoding("Content-Length : 3"),
        encoding("Transfer-Encoding\t: chunked"),
        encoding("X: y\r\n Transfer-Encoding: chunked"),
        encoding("Transfer-Encoding:\r\n chunked"),
        encoding("X: y\nTransfer-Encoding: chunked"),
        encoding("X: y\rTransfer-Encoding: chunked"),
        [
          "lines that end with LF",
          requestOf(["Content-Length: 3"], `a=1${smuggled}`).replaceAll("\r\n", "\n")
        ],
        chunked("a chunk size in C", `0x3\r\na=1\r\n0\r\n\r\n`),
        chunked("a chunk size with a sign", `+3\r\na=1\r\n0\r\n\r\n`),
        chunked("a negative chunk size", `-3\r\na=1\r\n0\r\n\r\n`),
        chunked("a chunk size that overflows", `10000000000000003\r\na=1\r\n0\r\n\r\n`),
        chunked("an empty chunk size", `\r\na=1\r\n0\r\n\r\n`),
        chunked("a chunk that is longer than its size", `3\r\na=1234\r\n0\r\n\r\n`),
        chunked("a chunk size that ends with LF", `3\na=1\r\n0\r\n\r\n`),
        chunked("a chunk that ends with LF", `3\r\na=1\n0\r\n\r\n`),
        chunked("a chunk extension with an LF", `3;a\nb\r\na=1\r\n0\r\n\r\n`),
        chunked("a chunk extension of 100 kB", `3;${"a".repeat(100_000)}\r\na=1\r\n0\r\n\r\n`)
      ])
      yield* isSound(gateway)
    })
  )

  it.scopedLive("what a connection brings behind a request that it has refused", () =>
    Effect.gen(function* () {
      const gateway = yield* system(["--max-body", "1KiB"])
      const second = get("/api/v2/SMUGGLED")
      const open = (line: string, headers: ReadonlyArray<string>) =>
        `${[line, "Host: localhost:PORT", ...headers].map((text) => `${text}\r\n`).join("")}\r\n`
      yield* refused(gateway, [
        ["a malformed request", `GET ${target} HTTP/1.1\r\nHost: localhost:PORT\r\nX : y\r\n\r\n${second}`],
        [
          "a body that is too long",
          open(`POST ${target} HTTP/1.1`, ["Content-Length: 2000000"]) + second,
          [413]
        ],
        [
          "a chunked body that is too long",
          `${open(`POST ${target} HTTP/1.1`, ["Transfer-Encoding: chunked"])}800\r\n${"x".repeat(2048)}\r\n`,
          [413]
        ],
        ["a tunnel", open("CONNECT localhost:PORT HTTP/1.1", []) + second],
        [
          "a head that is too long",
          `${open(`GET ${target} HTTP/1.1`, [`X: ${"x".repeat(20_000)}`])}${second}`,
          [431]
        ],
        ["an unknown expectation", open(`GET ${target} HTTP/1.1`, ["Expect: tea"]) + second, [417]],
        [
          "a request that waits to continue",
          open(`POST ${target} HTTP/1.1`, ["Expect: 100-continue", "Content-Length: 2000"]) + second,
          [413]
        ]
      ])
      yield* isSound(gateway)
    })
  )

  it.scopedLive(
    "what follows a request under way, with no answer that would be taken for that of the request",
    () =>
      Effect.gen(function* () {
        const adobe = yield* wireSystem(cli, () => "")
        const first = `GET ${target} HTTP/1.1\r\nHost: localhost:${adobe.port}\r\n\r\n`
        for (const behind of [
          "no request\r\n\r\n",
          `CONNECT localhost:${adobe.port} HTTP/1.1\r\nHost: localhost:${adobe.port}\r\n\r\n`,
          `GET ${target} HTTP/1.1\r\nHost: localhost:${adobe.port}\r\nX : y\r\n\r\n`,
          `GET ${target} HTTP/1.1\r\nHost: localhost:${adobe.port}\r\nExpect: tea\r\n\r\n`
        ]) {
          assert.deepStrictEqual([behind, yield* say(adobe.port, first + behind)], [behind, ""])
        }
      })
  )

  it.scopedLive("targets that are not a path of Adobe Pass", () =>
    Effect.gen(function* () {
      const foreign = yield* wireAdobe()
      const gateway = yield* system()
      const at = (path: string, ...statuses: ReadonlyArray<number>): Case => [
        path.slice(0, 60),
        get(path),
        statuses.length === 0 ? [400] : statuses
      ]
      yield* refused(gateway, [
        at(`http://127.0.0.1:${foreign.port}/api/v2/ACME/configuration`),
        at(`http://localhost:PORT${target}`),
        at(`HTTP://127.0.0.1:${foreign.port}${target}`),
        at(`https://sp.auth.adobe.com${target}`),
        at(`file:///etc/passwd`),
        at(`127.0.0.1:${foreign.port}`),
        at(`localhost:PORT`),
        at(`@127.0.0.1:${foreign.port}${target}`),
        at(`//127.0.0.1:${foreign.port}${target}`),
        at(`/\\127.0.0.1:${foreign.port}${target}`),
        at("*"),
        at("/*", 404),
        at("/api/v2/../../o/client/token"),
        at("/api/v2/%2e%2e/%2e%2e/o/client/token"),
        at("/api/v2/.%2e/o"),
        at("/api/v2/%252e%252e/o"),
        at("/api/v2/..%2fo"),
        at("/api/v2/..%5co"),
        at("/api/v2/..\\o"),
        at("/api/v2/..;/o"),
        at("/api/v2/..;x=1/o"),
        at("/api/v2/..%3b/o"),
        at("/api/v2/%c0%ae%c0%ae/o"),
        at("/api/v2/%c0%af/o"),
        at("/api/v2/%e0%80%ae%e0%80%ae/o"),
        at("/api/v2/%f0%80%80%ae/o"),
        at("/api/v2/%ff"),
        at("/api/v2/%ed%a0%80"),
        at("/api/v2/%u002e%u002e/o"),
        at("/api/v2//ACME/configuration"),
        at("/api/v2/ACME/%00"),
        at("/api/v2/ACME/\x00"),
        at("/api/v2/ACME/\xe4"),
        at("/api/v2/ACME/\x7f"),
        at("/api/v2/ACME configuration"),
        at("/api/v2/ACME\tconfiguration"),
        at("/api/v2/ACME#fragment"),
        at("/api/v2/ACME/%0d%0aAuthorization:%20x"),
        at("/API/V2/ACME/configuration", 404),
        at("/api/v2", 404),
        at("/api/v20/ACME", 404),
        at("/o/client/token?grant_type=client_credentials", 404),
        at("/o/client/register", 404),
        at("/", 404),
        at("/?/api/v2/", 404),
        at(`/api/v2/${"a".repeat(20_000)}`, 431),
        ["HTTP/0.9, which has no headers", `GET ${target}\r\n\r\n`, [421]],
        ["HTTP/1.2", get(target).replace("HTTP/1.1", "HTTP/1.2")],
        ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
        ["a version in lower case", get(target).replace("HTTP/1.1", "http/1.1")],
        ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
        ["an unknown method", get(target).replace("GET", "BREW")],
        ["a method that is not passed on", get(target).replace("GET", "PURGE"), [405]],
        ["a trace", get(target).replace("GET", "TRACE"), [405]],
        ["a tunnel", get("127.0.0.1:PORT").replace("GET", "CONNECT")]
      ])
      assert.strictEqual(foreign.connections(), 0)
      yield* isSound(gateway)
    })
  )

  it.scopedLive("heads that are too long, broken, or for another server", () =>
    Effect.gen(function* () {
      const gateway = yield* system()
      const withHost = (what: string, host: ReadonlyArray<string>, status = 421): Case => [
        what,
        ["GET /healthz HTTP/1.1", ...host, "Connection: close"].map((text) => `${text}\r\n`).join("") +
          "\r\n",
        [status]
      ]
      const many = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: y`)
      yield* refused(gateway, [
        ["a header of 17 KiB", get(target, [`X: ${"x".repeat(17_000)}`]), [431]],
        ["a name of 17 KiB", get(target, [`${"x".repeat(17_000)}: y`]), [431]],
        ["101 headers", get(target, many(99)), [431]],
        ["1000 headers", get(target, many(1000)), [431]],
        ["a CR in a value", get(target, ["X: a\rAuthorization: Bearer evil"])],
        ["an LF in a value", get(target, ["X: a\nAuthorization: Bearer evil"])],
        ["a NUL in a value", get(target, ["X: a\0b"])],
        ["a folded value", get(target, ["X: a", " Authorization: Bearer evil"])],
        ["a space before the colon", get(target, ["X : a"])],
        ["a space in a name", get(target, ["X y: a"])],
        ["no name", get(target, [": a"])],
        ["no colon", get(target, ["Xa"])],
        ["a NUL in a name", get(target, ["X\0: a"])],
        ["a name that is not ASCII", get(target, ["X\xe4: a"])],
        ["a space before the first header", `GET ${target} HTTP/1.1\r\n Host: localhost:PORT\r\n\r\n`],
        ["a web socket", get(target, ["Connection: Upgrade", "Upgrade: websocket"])],
        [
          "HTTP/2 in plain text",
          get(target, ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"])
        ],
        withHost("no host", [], 400),
        withHost("two hosts", ["Host: localhost:PORT", "Host: localhost:PORT"]),
        withHost("ours and a foreign host", ["Host: localhost:PORT", "Host: evil.example"]),
        withHost("an empty host", ["Host:"]),
        withHost("a foreign host", ["Host: evil.example"]),
        withHost("a name that begins like ours", ["Host: localhost:PORT.evil.example"]),
        withHost("a user in the host", ["Host: localhost:PORT@evil.example"]),
        withHost("a list of hosts", ["Host: localhost:PORT, evil.example"]),
        withHost("a host with a path", ["Host: localhost:PORT/evil"]),
        withHost("a host without its port", ["Host: localhost"]),
        withHost("another port", ["Host: localhost:1"]),
        withHost("a name of ours with a dot", ["Host: localhost.:PORT"]),
        withHost("HTTP/1.0 without a host", [], 400)
      ])
      const old = yield* say(gateway.port, `GET ${target} HTTP/1.0\r\n\r\n`)
      assert.deepStrictEqual(statusesOf(old), [421])
      yield* isSound(gateway)
    })
  )

  it.scopedLive("descriptions of a device that it does not understand, and registers nothing for them", () =>
    Effect.gen(function* () {
      const gateway = yield* system()
      const base64 = (text: string) => Buffer.from(text).toString("base64")
      const good = deviceHeaders("device-1")
      const having = (changed: Record<string, string | undefined>, more: ReadonlyArray<string> = []) =>
        get(target, [
          ...Object.entries({ ...good, ...changed }).flatMap(([name, value]) =>
            value === undefined ? [] : [`${name}: ${value}`]
          ),
          ...more
        ])
      const id = (value: string): Case => [
        `the id ${value.slice(0, 40)}`,
        having({ "ap-device-identifier": value })
      ]
      const info = (value: string): Case => [
        `the info ${value.slice(0, 40)}`,
        having({ "x-device-info": value })
      ]
      const from = (value: string): Case => [`the address ${value}`, having({ "x-forwarded-for": value })]
      yield* refused(gateway, [
        ...[
          ...[
            "",
            "device-1",
            "fingerprint",
            "fingerprint ",
            "Fingerprint ZGV2",
            "fingerprint  ZGV2",
            "fingerprint\tZGV2"
          ],
          ...[
            "fingerprint ZGV2 ZGV2",
            "fingerprint ZGV2,fingerprint ZGV2",
            "hash ZGV2",
            "fingerprint ZA",
            "fingerprint ZB=="
          ],
          ...[
            "fingerprint Z-_2",
            "fingerprint ZGV2=",
            "fingerprint %%%%",
            "fingerprint =",
            "fingerprint /w==",
            "fingerprint \xe4"
          ],
          ...["", " ", "\0", "a\nb", "a\u007fb", "x".repeat(1025), "x".repeat(9000)].map(identifierOf)
        ].map(id),
        ...[
          ...["", " ", "AFTM", "{}", "%7B%7D", "e30", "e30=x", "=", "\xe4", "e30=,e30="],
          ...[
            "",
            "null",
            "1",
            '"x"',
            "[]",
            "{",
            "{}",
            "[".repeat(5000),
            '{"model":1}',
            '{"model":"","osName":"x"}'
          ].map(base64),
          ...[`{"model":"${"x".repeat(9000)}"}`, '{"__proto__":{"model":"AFTM"}}', "\uFEFF{}"].map(base64),
          Buffer.from([0xff, 0xfe, 0x7b]).toString("base64")
        ].map(info),
        ...[
          "nowhere",
          "999.1.1.1",
          "1.2.3",
          "127.1",
          "0x7f000001",
          "unknown",
          "_hidden",
          '"[2001:db8::1]"'
        ].map(from),
        ...[
          "for=1.2.3.4",
          "2001:db8::zz",
          "[2001:db8::1",
          "1.2.3.4:x",
          "1.2.3.4/8",
          "fe80::1%eth0",
          "evil.example, 1.2.3.4"
        ].map(from),
        ["two ids", having({}, [`AP-Device-Identifier: ${identifierOf("device-2")}`])],
        ["two descriptions", having({}, [`X-Device-Info: ${good["x-device-info"]}`])],
        ["two user agents", having({}, ["User-Agent: a", "User-Agent: b"])],
        ["a user agent that is not ASCII", having({}, ["User-Agent: \xe4"])],
        ["a user agent of 3 kB", having({}, [`User-Agent: ${"x".repeat(3000)}`])],
        ["a description without an id", having({ "ap-device-identifier": undefined })],
        ["an id without a description", having({ "x-device-info": undefined })]
      ])
      assert.strictEqual(gateway.adobe.registrations(), 0)
      yield* isSound(gateway)
      assert.strictEqual(gateway.adobe.registrations(), 1)
    })
  )
})

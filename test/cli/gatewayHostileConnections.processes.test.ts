import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { useCli } from "../support/cli.js"
import { connect, say, statusesOf, token, valueOf, wireSystem } from "./gateway/wire.js"
import { deviceHeaders, request } from "./gatewaySupport.js"

const cli = useCli()

const head = (port: number, line: string, headers: ReadonlyArray<string> = []): string =>
  [line, `Host: localhost:${port}`, ...headers, "", ""].join("\r\n")

const inFlight = (port: number): Effect.Effect<unknown> =>
  Effect.map(request(port, "/status"), ({ body }) => JSON.parse(body).in_flight)

/** Waits until no call is under way. */
const isIdle = (port: number) => Effect.repeat(inFlight(port), { until: (count) => count === 0 })

/** Ends it, and looks at what it has told. */
const endsWell = ({ running }: Effect.Effect.Success<ReturnType<typeof wireSystem>>) =>
  Effect.gen(function* () {
    yield* running.signal("SIGTERM")
    const { code, stderr } = yield* running.ended
    assert.strictEqual(code, 0)
    assert.notMatch(stderr, /fault|error|warn/i)
  })

describe("a client of adobe-pass gateway that is slow or leaves", () => {
  it.scopedLive("has ten seconds for a head, and no more", () =>
    Effect.gen(function* () {
      const gateway = yield* wireSystem(cli)
      const { adobe, port } = gateway
      const silent = yield* connect(port)
      const dribbling = yield* connect(port)
      const halfway = yield* connect(port)
      halfway.write("GET /api/v2/ACME/configuration HTT")
      dribbling.write(head(port, "GET /api/v2/ACME/configuration HTTP/1.1").slice(0, -2))
      let sent = 0
      const dribble = Effect.delay(
        Effect.sync(() => {
          sent++
          dribbling.write(`X-${sent}: y\r\n`)
        }),
        "500 millis"
      )
      yield* Effect.raceFirst(dribbling.closed, Effect.forever(dribble))
      assert.deepStrictEqual(statusesOf(dribbling.received()), [408])
      assert.isAtLeast(sent, 2)
      assert.deepStrictEqual(statusesOf(yield* silent.closed), [408])
      assert.deepStrictEqual(statusesOf(yield* halfway.closed), [408])
      assert.strictEqual((yield* request(port, "/esm/v3/report")).status, 200)
      yield* isIdle(port)
      assert.strictEqual(adobe.calls.length, 1)
      yield* endsWell(gateway)
    })
  )

  it.scopedLive("may be one of five hundred that say nothing, or only begin, while another is served", () =>
    Effect.gen(function* () {
      const gateway = yield* wireSystem(cli)
      const { port } = gateway
      const idle = yield* Effect.forEach(Array.from({ length: 500 }), () => connect(port), {
        concurrency: 50
      })
      for (const [index, { write }] of idle.entries()) {
        if (index % 2 === 0) write("POST /api/v2/ACME/sessions HTTP/1.1\r\n")
      }
      for (let call = 0; call < 3; call++) {
        assert.strictEqual((yield* request(port, "/esm/v3/report")).status, 200)
      }
      assert.strictEqual(yield* inFlight(port), 0)
      yield* endsWell(gateway)
      for (const { closed } of idle) yield* closed
    })
  )

  it.scopedLive("takes its call back when it leaves in the middle of its body, or before the answer", () =>
    Effect.gen(function* () {
      const left = yield* Deferred.make<void>()
      const arrived = yield* Deferred.make<void>()
      const gateway = yield* wireSystem(cli, ({ target }, socket) => {
        if (!target.includes("never")) return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        socket.once("close", () => Deferred.unsafeDone(left, Effect.void))
        Deferred.unsafeDone(arrived, Effect.void)
        return ""
      })
      const { adobe, port } = gateway
      // A short body is waited for, a long one is on its way already.
      for (const length of [1000, 1_000_000]) {
        const before = adobe.calls.length
        const client = yield* connect(port)
        client.write(`${head(port, "POST /esm/v3/report HTTP/1.1", [`Content-Length: ${length}`])}abc`)
        yield* Effect.repeat(inFlight(port), { until: (count) => count === 1 })
        yield* client.destroy
        yield* isIdle(port)
        assert.strictEqual(adobe.calls.length, before)
      }
      const client = yield* connect(port)
      client.write(head(port, "GET /esm/v3/never HTTP/1.1"))
      yield* Deferred.await(arrived)
      yield* client.destroy
      yield* Deferred.await(left)
      yield* isIdle(port)
      yield* endsWell(gateway)
    })
  )

  it.scopedLive("gets no more of an endless answer than it reads, and ends the call when it leaves", () =>
    Effect.gen(function* () {
      const chunk = Buffer.alloc(65_536, "x")
      let written = 0
      const left = yield* Deferred.make<void>()
      const gateway = yield* wireSystem(cli, (_, socket) => {
        const go = (): void => {
          while (!socket.destroyed) {
            written += chunk.length
            if (!socket.write(chunk)) return void socket.once("drain", go)
          }
        }
        socket.once("close", () => Deferred.unsafeDone(left, Effect.void))
        setImmediate(go)
        return "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
      })
      const { port } = gateway
      const client = yield* connect(port)
      client.write(head(port, "GET /esm/v3/endless HTTP/1.1"))
      yield* client.says(/x{100}/)
      client.pause()
      // Other requests are served, and the system's buffers fill up meanwhile.
      let before = -1
      for (let same = 0; same < 50; same = before === written ? same + 1 : 0) {
        before = written
        yield* request(port, "/healthz")
      }
      assert.isBelow(written, 100 * 1_048_576)
      assert.strictEqual(yield* inFlight(port), 1)
      yield* client.destroy
      yield* Deferred.await(left)
      yield* isIdle(port)
      yield* endsWell(gateway)
    })
  )

  it.scopedLive("gets the answers of its pipelined requests in their order, one call each", () =>
    Effect.gen(function* () {
      const gateway = yield* wireSystem(cli)
      const { adobe, port } = gateway
      const targets = Array.from({ length: 20 }, (_, index) => `/esm/v3/report?n=${index}`)
      const last = head(port, "GET /no-such HTTP/1.1", ["Connection: close"])
      const all = yield* say(
        port,
        targets.map((target) => head(port, `GET ${target} HTTP/1.1`)).join("") + last
      )
      assert.deepStrictEqual(statusesOf(all), [...targets.map(() => 200), 404])
      assert.sameMembers(
        adobe.calls.map(({ target }) => target),
        targets
      )
      yield* endsWell(gateway)
    })
  )
})

describe("what a client of adobe-pass gateway cannot reach", () => {
  it.scopedLive("is a header of the gateway's own, by sending it or by naming it in Connection", () =>
    Effect.gen(function* () {
      const gateway = yield* wireSystem(cli)
      const { adobe, port } = gateway
      const headers = Object.entries(deviceHeaders("device-1")).map(([name, value]) => `${name}: ${value}`)
      const send = (...more: ReadonlyArray<string>) =>
        say(
          port,
          head(port, "GET /api/v2/ACME/profiles HTTP/1.1", [...headers, "Connection: close", ...more])
        )
      const attempts = [
        ["Authorization: Bearer of-the-caller"],
        ["AUTHORIZATION: Bearer of-the-caller", "authorization: Bearer of-the-caller"],
        ["Connection: Authorization"],
        ["Connection: close, AP-Device-Identifier, X-Device-Info, X-Forwarded-For"],
        ["Connection: Host, Content-Length, Transfer-Encoding, User-Agent"],
        ["Connection: X-Hop", "X-Hop: of-the-caller", "x-hop: of-the-caller"],
        ["X-Gateway-Key: of-the-caller", "Cookie: of-the-caller", "Cookie2: of-the-caller"],
        ["Proxy-Authorization: of-the-caller", "Proxy-Anything: of-the-caller", "Via: of-the-caller"],
        ["Forwarded: for=of-the-caller", "X-Forwarded-Host: of-the-caller", "X-Real-IP: of-the-caller"],
        ["TE: of-the-caller", "Trailer: of-the-caller", "Keep-Alive: of-the-caller"],
        ["Accept-Encoding: of-the-caller", "traceparent: of-the-caller"]
      ]
      for (const attempt of attempts) {
        const before = adobe.calls.length
        assert.deepStrictEqual(statusesOf(yield* send(...attempt)), [200], attempt.join())
        const [call, ...others] = adobe.calls.slice(before)
        assert.strictEqual(others.length, 0)
        if (call === undefined) return assert.fail(attempt.join())
        assert.strictEqual(valueOf(call, "authorization"), `Bearer ${token}`, attempt.join())
        assert.strictEqual(valueOf(call, "host"), `127.0.0.1:${adobe.port}`)
        for (const [name, value] of Object.entries(deviceHeaders("device-1"))) {
          assert.strictEqual(valueOf(call, name), value, attempt.join())
        }
      }
      assert.notInclude(adobe.bytes(), "of-the-caller")
      assert.strictEqual(adobe.registrations(), 1)
      yield* endsWell(gateway)
    })
  )

  it.scopedLive("is an address in a form of its own: lists, ports and IPv6 become one address", () =>
    Effect.gen(function* () {
      const gateway = yield* wireSystem(cli)
      const { adobe, port } = gateway
      const addresses = [
        ["203.0.113.7, 10.0.0.1", "203.0.113.7"],
        ["203.0.113.7:51617", "203.0.113.7"],
        [" 203.0.113.7 ,evil", "203.0.113.7"],
        ["2001:DB8:0::7", "2001:db8::7"],
        ["[2001:db8::7]:443", "2001:db8::7"],
        ["::ffff:203.0.113.7", "203.0.113.7"]
      ] as const
      for (const [given, expected] of addresses) {
        const before = adobe.calls.length
        const { status } = yield* request(port, "/api/v2/ACME/profiles", {
          headers: { ...deviceHeaders("device-1"), "x-forwarded-for": given }
        })
        assert.strictEqual(status, 200, given)
        const [call] = adobe.calls.slice(before)
        assert.strictEqual(call === undefined ? "none" : valueOf(call, "x-forwarded-for"), expected, given)
      }
      yield* endsWell(gateway)
    })
  )
})

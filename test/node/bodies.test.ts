/** What becomes of a body that stalls, that nobody reads, that breaks, or that is encoded. */
import type { ServerResponse } from "node:http"
import * as zlib from "node:zlib"
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Fiber, Queue, Stream } from "effect"
import { CurrentDevice, ProtectedClient, Transport } from "effect-adobe-pass"
import { NodeTransport } from "effect-adobe-pass-node"
import { device } from "../support/system.js"
import { adobePass, call, json, over } from "./rawAdobePass.js"
import { head, serveBytes, serveWhole } from "./transportServer.js"

const stalling = (response: ServerResponse, headers: Record<string, string | number> = {}) =>
  void response.writeHead(200, headers).write('{"half":')

// The limits are for the body: until its first byte, they have to be long enough for a busy machine.
describe.concurrent("a body that stalls", () => {
  it.scopedLive("is a typed error of the call, after the limit of an attempt", () =>
    Effect.gen(function* () {
      const { calls, url } = yield* adobePass((_, response) => stalling(response, json))
      const error = yield* Effect.flip(
        Effect.provide(call("/api/v2/x"), over(url, { timeout: "2 seconds", retry: { attempts: 2 } }))
      )
      assert.deepInclude(error, { _tag: "TransportError", reason: "Stalled", attempts: 2 })
      assert.include(error.message, "stalled")
      assert.strictEqual(calls.length, 2)
    })
  )

  it.scopedLive("fails its reader with a typed error where the call could not wait for it", () =>
    Effect.gen(function* () {
      const { closed, url } = yield* adobePass((_, response) => stalling(response))
      for (const read of [
        ProtectedClient.readBody(({ json }) => json),
        ProtectedClient.readBody(({ text }) => text),
        ProtectedClient.readBody(({ stream }) => Stream.runDrain(stream))
      ]) {
        const error = yield* Effect.flatMap(call("/api/v2/x"), read).pipe(
          Effect.flip,
          Effect.provide(over(url, { timeout: "2 seconds" }))
        )
        assert.deepInclude(error, { _tag: "TransportError", reason: "Stalled" })
        yield* Queue.take(closed)
      }
    })
  )

  it.scopedLive("does not stop the other devices: their registrations, tokens and calls", () =>
    Effect.gen(function* () {
      const { url } = yield* adobePass(({ target }, response) => {
        if (target === "/api/v2/stall") stalling(response)
        else response.end("fine")
      })
      yield* Effect.gen(function* () {
        const stalled = yield* Effect.forEach([1, 2], (n) =>
          Effect.fork(
            Effect.flatMap(
              call("/api/v2/stall", n),
              ProtectedClient.readBody(({ text }) => text)
            )
          )
        )
        yield* Effect.sleep("100 millis")
        const response = yield* call("/api/v2/fine", 3)
        assert.strictEqual(yield* response.text, "fine")
        for (const fiber of stalled) {
          assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "TransportError")
        }
      }).pipe(Effect.provide(over(url, { timeout: "2 seconds" }, { connections: 2 })))
    })
  )

  it.scopedLive("may pause for longer where the caller says so", () =>
    Effect.gen(function* () {
      const { url } = yield* adobePass((_, response) => {
        response.write("one ")
        setTimeout(() => response.end("two"), 5000)
      })
      const whole = Effect.flatMap(call("/api/v2/x"), ({ stream }) => Stream.runCollect(stream)).pipe(
        Effect.provide(over(url, { timeout: "2 seconds" }))
      )
      assert.strictEqual((yield* Effect.flip(whole))._tag, "ResponseError")
      const pieces = yield* Transport.withBodyTimeout("1 minute")(whole)
      assert.strictEqual(Buffer.concat(Chunk.toReadonlyArray(pieces)).toString(), "one two")
    })
  )

  it.scopedLive("goes on when its pieces come slowly, for longer than the limit in all", () =>
    Effect.gen(function* () {
      const { url } = yield* adobePass((_, response) => {
        let pieces = 0
        const timer = setInterval(() => {
          pieces += 1
          if (pieces < 8) return void response.write("x")
          clearInterval(timer)
          response.end("x")
        }, 300)
      })
      const text = yield* Effect.flatMap(call("/api/v2/x"), (response) => response.text).pipe(
        Effect.provide(over(url, { timeout: "2 seconds" }))
      )
      assert.strictEqual(text, "xxxxxxxx")
    })
  )
})

describe.concurrent("a body that comes drop by drop, and never ends", () => {
  const dripping = (response: ServerResponse) => {
    response.writeHead(200, json)
    const timer = setInterval(() => response.write(" "), 20)
    response.on("close", () => clearInterval(timer))
  }

  it.scopedLive("is given to the reader of the call after the limit of an attempt", () =>
    Effect.gen(function* () {
      const { url } = yield* adobePass((_, response) => dripping(response))
      const { status } = yield* Effect.provide(call("/api/v2/x"), over(url, { timeout: "2 seconds" }))
      assert.strictEqual(status, 200)
    })
  )

  for (const [operation, path] of [
    ["register", "/o/client/register"],
    ["token", "/o/client/token"]
  ] as const) {
    it.scopedLive(`ends the ${operation} request that it answers`, () =>
      Effect.gen(function* () {
        const { url } = yield* adobePass(() => {}, { [path]: dripping })
        const error = yield* Effect.flip(
          Effect.provide(call("/api/v2/x"), over(url, { timeout: "2 seconds", retry: { attempts: 1 } }))
        )
        assert.deepInclude(error, { _tag: "TransportError", operation, reason: "Timeout" })
      })
    )
  }

  it.scopedLive(
    "ends a token request that stalls also for a caller whose own body may pause for longer",
    () =>
      Effect.gen(function* () {
        const { url } = yield* adobePass(() => {}, {
          "/o/client/token": (response) => stalling(response, json)
        })
        const error = yield* Effect.flip(
          call("/api/v2/x").pipe(
            Transport.withBodyTimeout("10 minutes"),
            Effect.provide(over(url, { timeout: "2 seconds", retry: { attempts: 1 } }))
          )
        )
        assert.deepInclude(error, { _tag: "TransportError", operation: "token", reason: "Stalled" })
      })
  )
})

describe("a body that nobody reads", () => {
  it.scopedLive("gives its connection back, so that other calls go on", () =>
    Effect.gen(function* () {
      const { url } = yield* adobePass(({ target }, response) =>
        response.end(target === "/api/v2/long" ? "x".repeat(300_000) : "fine")
      )
      yield* Effect.gen(function* () {
        const unread = yield* Effect.forEach([1, 2, 3], (n) => call("/api/v2/long", n))
        const response = yield* call("/api/v2/fine", 4)
        assert.strictEqual(yield* response.text, "fine")
        const late = unread[0] ?? assert.fail("no answer")
        const error = yield* Effect.flip(ProtectedClient.readBody(({ text }) => text)(late))
        assert.deepInclude(error, { _tag: "TransportError", code: "BODY_NOT_READ" })
        assert.include(error.message, "nobody asked for the body")
      }).pipe(Effect.provide(over(url, { timeout: "1 second" })))
    })
  )

  it.scopedLive("can be read at any time when it is short", () =>
    Effect.gen(function* () {
      const { url } = yield* adobePass((_, response) => response.end("fine"))
      const response = yield* call("/api/v2/x").pipe(Effect.provide(over(url, { timeout: "100 millis" })))
      yield* Effect.sleep("300 millis")
      assert.strictEqual(yield* response.text, "fine")
    })
  )
})

describe("a body that breaks", () => {
  for (const [framing, headers] of [
    ["a length", { "content-length": 100 }],
    ["the type JSON", json]
  ] as const) {
    it.scopedLive(`with ${framing} before the call has ended is a reason to repeat a safe call`, () =>
      Effect.gen(function* () {
        const { calls, url } = yield* adobePass((_, response) => {
          if (calls.length > 1) return void response.writeHead(200, json).end("[1]")
          response.writeHead(200, headers).write("[1")
          setTimeout(() => response.destroy(), 50)
        })
        const response = yield* Effect.provide(call("/api/v2/x"), over(url, {}))
        assert.deepStrictEqual(yield* response.json, [1])
        assert.strictEqual(calls.length, 2)
      })
    )
  }

  it.scopedLive("before a POST has ended is told, and the POST is not repeated", () =>
    Effect.gen(function* () {
      const { calls, url } = yield* adobePass((_, response) => {
        response.writeHead(200, { "content-length": 100 }).write("part")
        setTimeout(() => response.destroy(), 50)
      })
      const error = yield* Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
        adobe.post("/api/v2/x")
      ).pipe(Effect.flip, Effect.provideService(CurrentDevice, device()), Effect.provide(over(url, {})))
      assert.deepInclude(error, { _tag: "TransportError", reason: "ConnectionLost" })
      assert.strictEqual(calls.length, 1)
    })
  )

  const readJson = ProtectedClient.readBody(({ json }) => json)

  for (const [kind, answer, expected] of [
    [
      "that is cut while it is read",
      (response: ServerResponse) => {
        response.write('{"a":')
        setTimeout(() => response.destroy(), 50)
      },
      { _tag: "TransportError", reason: "ConnectionLost" }
    ],
    [
      "that is the page of a captive portal",
      (response: ServerResponse) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<html>Welcome</html>"),
      { _tag: "UnexpectedResponse", reason: "Html", status: 200 }
    ],
    [
      "that is no JSON",
      (response: ServerResponse) => response.end("fine"),
      { _tag: "UnexpectedResponse", reason: "Text", status: 200 }
    ],
    [
      "in an encoding that is not known",
      (response: ServerResponse) => response.writeHead(200, { "content-encoding": "zstd" }).end("()"),
      { _tag: "UnexpectedResponse", reason: "Encoding", code: "zstd" }
    ],
    [
      "that is not in the encoding it says",
      (response: ServerResponse) => response.writeHead(200, { "content-encoding": "gzip" }).end("plain"),
      { _tag: "UnexpectedResponse", reason: "Encoding", code: "gzip" }
    ]
  ] as const) {
    it.scopedLive(`${kind} is told apart from the others, as error and as cause`, () =>
      Effect.gen(function* () {
        const { url } = yield* adobePass((_, response) => void answer(response))
        const response = yield* Effect.provide(call("/api/v2/x"), over(url, {}))
        const raw = yield* Effect.flip(response.json)
        assert.strictEqual(raw._tag, "ResponseError")
        assert.deepInclude(raw.cause, expected)
        assert.include(raw.message, "The protected call")
        assert.deepInclude(yield* Effect.flip(readJson(response)), expected)
      })
    )
  }
})

describe("an encoded body", () => {
  const text = JSON.stringify({ rows: Array.from({ length: 20_000 }, (_, row) => ({ row })) })
  const both = (bytes: Buffer) => zlib.gzipSync(zlib.brotliCompressSync(bytes))
  const encodings: ReadonlyArray<readonly [string, (bytes: Buffer) => Buffer]> = [
    ["gzip", zlib.gzipSync],
    ["X-GZip", zlib.gzipSync],
    ["deflate", zlib.deflateSync],
    ["deflate", zlib.deflateRawSync],
    ["br", zlib.brotliCompressSync],
    ["br, gzip", both],
    ["identity", (bytes) => bytes]
  ]

  for (const [index, [encoding, encode]] of encodings.entries()) {
    it.scopedLive(
      `in ${encoding} (${index}) is decoded, whole and in pieces, with a length and without`,
      () =>
        Effect.gen(function* () {
          const { url } = yield* serveWhole(({ target }, response) => {
            const bytes = encode(Buffer.from(text))
            response.setHeader("content-encoding", encoding)
            if (target === "/pieces") {
              response.write(bytes.subarray(0, 10))
              setTimeout(() => response.end(bytes.subarray(10)), 20)
            } else response.setHeader("content-length", bytes.length).end(bytes)
          })
          for (const path of ["/whole", "/pieces"]) {
            const response = yield* HttpClient.get(`${url}${path}`)
            assert.deepStrictEqual(yield* response.json, JSON.parse(text))
            assert.strictEqual(yield* response.text, text)
            const streamed = yield* Effect.flatMap(HttpClient.get(`${url}${path}`), ({ stream }) =>
              Stream.runCollect(stream)
            )
            assert.strictEqual(Buffer.concat(Chunk.toReadonlyArray(streamed)).toString(), text)
          }
          assert.strictEqual(yield* Effect.flatMap(HttpClient.head(url), (response) => response.text), "")
        }).pipe(Effect.provide(NodeTransport.layer()))
    )
  }

  it.scopedLive("is decoded no further than somebody reads, and its connection ends", () =>
    Effect.gen(function* () {
      const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024))
      const { closed, url } = yield* serveWhole((_, response) => {
        response.setHeader("content-encoding", "gzip").write(bomb)
      })
      const { stream } = yield* HttpClient.get(url)
      let read = 0
      yield* stream.pipe(
        Stream.takeWhile((piece) => {
          read += piece.byteLength
          return read < 1024 * 1024
        }),
        Stream.runDrain
      )
      assert.isBelow(read, 2 * 1024 * 1024)
      yield* Queue.take(closed)
    }).pipe(Effect.provide(NodeTransport.layer()))
  )

  it.scopedLive("is decoded no more than five times, however often it says that it was encoded", () =>
    Effect.gen(function* () {
      const { url } = yield* serveWhole(({ target }, response) => {
        const times = Array.from({ length: Number(target.slice(1)) }, () => "gzip")
        const bytes = times.reduce((encoded) => zlib.gzipSync(encoded), Buffer.from("text"))
        response.setHeader("content-encoding", times.join(",")).end(bytes)
      })
      const read = (times: number) => Effect.flatMap(HttpClient.get(`${url}/${times}`), ({ text }) => text)
      assert.strictEqual(yield* read(5), "text")
      const { cause } = yield* Effect.flip(read(6))
      assert.deepInclude(cause, { _tag: "TransportFailure", reason: "Encoding", code: "gzip" })
    }).pipe(Effect.provide(NodeTransport.layer()))
  )

  it.scopedLive("that is cut is a lost connection, not a wrong encoding", () =>
    Effect.gen(function* () {
      const encoded = zlib.gzipSync(Buffer.from(text))
      const { url } = yield* serveBytes((socket) => {
        socket.write(
          head("HTTP/1.1 200 OK", "content-encoding: gzip", `content-length: ${encoded.byteLength}`)
        )
        socket.end(encoded.subarray(0, 100))
      })
      const read = Effect.flatMap(HttpClient.get(url), ({ stream }) => Stream.runDrain(stream))
      const { cause } = yield* Effect.flip(read)
      assert.deepInclude(cause, { _tag: "TransportFailure", reason: "ConnectionLost" })
    }).pipe(Effect.provide(NodeTransport.layer()))
  )
})

describe("an answer whose status HTTP does not define", () => {
  for (const status of [600, 999]) {
    it.scopedLive(`is a typed error, or the answer of a raw call (${status})`, () =>
      Effect.gen(function* () {
        const { url } = yield* adobePass((_, response) => void response.writeHead(status, json).end("{}"))
        yield* Effect.gen(function* () {
          const error = yield* Effect.flip(call("/api/v2/x"))
          assert.deepInclude(error, { _tag: "ServiceUnavailable", status })
          const adobe = yield* ProtectedClient.ProtectedClient
          const answer = yield* Effect.provideService(adobe.raw.get("/api/v2/x"), CurrentDevice, device())
          assert.deepStrictEqual([answer.status, yield* answer.text], [status, "{}"])
        }).pipe(Effect.provide(over(url, { retry: { attempts: 1 } })))
      })
    )
  }
})

describe("a time limit", () => {
  for (const limit of [Duration.days(30), Duration.infinity]) {
    it.scopedLive(`of ${Duration.format(limit)} does not end at once`, () =>
      Effect.gen(function* () {
        const { url } = yield* serveWhole((_, response) => {
          setTimeout(() => {
            response.write("one ")
            setTimeout(() => response.end("two"), 50)
          }, 50)
        })
        const transport = yield* HttpClient.HttpClient
        if (!Transport.isTransport(transport)) return assert.fail("the client has no time limits of its own")
        const send = transport[Transport.TypeId](limit)
        const text = yield* Effect.flatMap(send(HttpClientRequest.get(url)), (response) => response.text)
        assert.strictEqual(text, "one two")
      }).pipe(Transport.withBodyTimeout(limit), Effect.provide(NodeTransport.layer()))
    )
  }
})

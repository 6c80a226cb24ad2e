/** What the library, and whoever uses the client for requests of their own, may rely on in an HTTP transport. */
import { createHash, randomBytes } from "node:crypto"
import type { Socket } from "node:net"
import { Readable } from "node:stream"
import { inspect } from "node:util"
import {
  HttpBody,
  HttpClient,
  HttpClientError,
  HttpClientRequest,
  type HttpClientResponse,
  UrlParams
} from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  Chunk,
  Clock,
  Context,
  Data,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Queue,
  Scope,
  Stream,
  Tracer
} from "effect"
import * as Undici from "undici"
import {
  head,
  nobody,
  type Received,
  record,
  serve,
  serveBytes,
  serveWhole,
  settled
} from "./transportServer.js"

const megabyte = 1024 * 1024

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

const bytesOf = (text: string) => new TextEncoder().encode(text)

const textOf = (chunks: Chunk.Chunk<Uint8Array>) => Buffer.concat(Chunk.toReadonlyArray(chunks)).toString()

const getText = (url: string) => Effect.flatMap(HttpClient.get(url), (response) => response.text)

const ok = (body: string) => head("HTTP/1.1 200 OK", `content-length: ${Buffer.byteLength(body)}`) + body

/** So much of an endless body as the other side lets through. */
const pour = (chunk: Uint8Array, times: number) =>
  Readable.from(
    (function* () {
      for (let time = 0; time < times; time++) yield chunk
    })()
  )

/** Lets a fiber that was forked come to where it waits. */
const begun = Effect.sleep("30 millis")

const isRequestError = (error: unknown, reason: "Transport" | "InvalidUrl", url: string) => {
  if (!(error instanceof HttpClientError.RequestError)) assert.fail(`no RequestError: ${inspect(error)}`)
  assert.strictEqual(error.reason, reason)
  assert.instanceOf(error.cause, Error)
  assert.strictEqual(error.request.url, url)
}

const isDecodeError = (error: unknown, status: number) => {
  if (!(error instanceof HttpClientError.ResponseError)) assert.fail(`no ResponseError: ${inspect(error)}`)
  assert.strictEqual(error.reason, "Decode")
  assert.instanceOf(error.cause, Error)
  assert.strictEqual(error.response.status, status)
}

class Broken extends Data.TaggedError("Broken") {}

/** Every way to read a body, by name. */
const readers: Readonly<
  Record<
    string,
    (response: HttpClientResponse.HttpClientResponse) => Effect.Effect<unknown, HttpClientError.ResponseError>
  >
> = {
  text: (response) => response.text,
  json: (response) => response.json,
  urlParamsBody: (response) => response.urlParamsBody,
  arrayBuffer: (response) => response.arrayBuffer,
  stream: (response) => Stream.runDrain(response.stream)
}

const recorded = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const native = yield* Effect.tracer
    const spans: Array<Tracer.Span> = []
    const tracer = Tracer.make({
      span: (...settings) => {
        const span = native.span(...settings)
        spans.push(span)
        return span
      },
      context: (f, fiber) => native.context(f, fiber)
    })
    const result = yield* Effect.withTracer(effect, tracer)
    return { result, spans }
  })

/** A clock whose time-outs are over when the effect is. */
const clockThatWaitsFor = (over: Effect.Effect<unknown>): Clock.Clock => {
  const real = Clock.make()
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    currentTimeMillis: real.currentTimeMillis,
    currentTimeNanos: real.currentTimeNanos,
    unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis(),
    unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
    sleep: () => Effect.asVoid(over)
  }
}

/** Every layer that is given must obey the same laws. */
export const transportContract = (name: string, layer: Layer.Layer<HttpClient.HttpClient, unknown>): void => {
  const lawWhen =
    (isTraced: boolean) =>
    <E>(sentence: string, body: Effect.Effect<void, E, HttpClient.HttpClient | Scope.Scope>) =>
      it.scopedLive(sentence, () => body.pipe(Effect.withTracerEnabled(isTraced), Effect.provide(layer)))
  const law = lawWhen(true)

  describe(`${name}: a request`, () => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const) {
      law(
        `has the method ${method}`,
        Effect.gen(function* () {
          const { received, url } = yield* record
          const response = yield* HttpClient.execute(HttpClientRequest.make(method)(`${url}/here`))
          assert.strictEqual(response.status, 200)
          const request = yield* Queue.take(received)
          assert.strictEqual(request.method, method)
          assert.strictEqual(request.target, "/here")
        })
      )
    }

    law(
      "goes to the path and the query of its URL",
      Effect.gen(function* () {
        const { received, url } = yield* record
        const targets = ["", "/", "/a/b%20c/%C3%A9", "/a?x=1&x=2&y=%26", "/a?", "//a"]
        for (const target of targets) yield* getText(`${url}${target}`)
        assert.deepStrictEqual(
          Chunk.toReadonlyArray(yield* Queue.takeAll(received)).map(({ target }) => target),
          ["/", "/", "/a/b%20c/%C3%A9", "/a?x=1&x=2&y=%26", new URL(`${url}/a?`).pathname, "//a"]
        )
      })
    )

    law(
      "has its parameters after the query of its URL",
      Effect.gen(function* () {
        const { received, url } = yield* record
        yield* HttpClient.get(`${url}/a?x=1`, { urlParams: { y: ["2", "3"], z: "a b&c=é" } })
        const { target } = yield* Queue.take(received)
        assert.strictEqual(target, "/a?x=1&y=2&y=3&z=a+b%26c%3D%C3%A9")
      })
    )

    law(
      "of an invalid URL fails as such",
      Effect.gen(function* () {
        for (const url of ["http://", "no url", "http://a b/", "http://localhost:99999/"]) {
          isRequestError(yield* Effect.flip(HttpClient.get(url)), "InvalidUrl", url)
        }
      })
    )

    law(
      "has its headers, and the host it is sent to",
      Effect.gen(function* () {
        const { port, received, url } = yield* record
        yield* HttpClient.get(url, {
          headers: { Accept: "text/x", "X-Empty": "", "x-long": "y".repeat(4_000), authorization: "Bearer a" }
        })
        const { headers } = yield* Queue.take(received)
        assert.deepInclude(headers, {
          accept: "text/x",
          "x-empty": "",
          "x-long": "y".repeat(4_000),
          authorization: "Bearer a",
          host: `127.0.0.1:${port}`
        })
      })
    )

    law(
      "with a header that cannot be sent fails, and nothing is sent",
      Effect.gen(function* () {
        const { arrived, sockets, url } = yield* record
        const bad = { "x-bad": "a\r\nx-injected: b" }
        isRequestError(yield* Effect.flip(HttpClient.get(url, { headers: bad })), "Transport", url)
        assert.strictEqual(yield* Queue.size(arrived), 0)
        assert.strictEqual(sockets.length, 0)
        assert.strictEqual(yield* getText(url), "")
      })
    )

    law(
      "adds no header beyond host, connection and those of tracing",
      Effect.gen(function* () {
        const { received, url } = yield* record
        yield* getText(url)
        const { headers } = yield* Queue.take(received)
        assert.includeMembers(["host", "connection", "b3", "traceparent"], Object.keys(headers))
      })
    )
  })

  describe(`${name}: the body of a request`, () => {
    const sent = (body: HttpBody.HttpBody, method: "POST" | "PUT" | "DELETE" = "POST") =>
      Effect.gen(function* () {
        const { received, url } = yield* record
        yield* HttpClient.execute(HttpClientRequest.setBody(HttpClientRequest.make(method)(url), body))
        return yield* Queue.take(received)
      })

    const arrives = (received: Received, text: string, headers: Readonly<Record<string, string>>) => {
      assert.strictEqual(received.body.toString(), text)
      assert.deepInclude(received.headers, headers)
    }

    law(
      "is of no length when there is none",
      Effect.gen(function* () {
        for (const method of ["POST", "PUT"] as const) {
          const received = yield* sent(HttpBody.empty, method)
          arrives(received, "", { "content-length": "0" })
          assert.notProperty(received.headers, "content-type")
        }
      })
    )

    law(
      "is of no length when it is empty",
      Effect.gen(function* () {
        arrives(yield* sent(HttpBody.text("")), "", {
          "content-length": "0",
          "content-type": "text/plain"
        })
      })
    )

    law(
      "arrives as bytes",
      Effect.gen(function* () {
        const bytes = randomBytes(100_000)
        const { body, headers } = yield* sent(HttpBody.uint8Array(new Uint8Array(bytes)))
        assert.strictEqual(digest(body), digest(bytes))
        assert.deepInclude(headers, {
          "content-length": "100000",
          "content-type": "application/octet-stream"
        })
      })
    )

    law(
      "arrives as a view of a larger buffer",
      Effect.gen(function* () {
        arrives(
          yield* sent(HttpBody.uint8Array(bytesOf("before, within, after").subarray(8, 14))),
          "within",
          {
            "content-length": "6"
          }
        )
      })
    )

    law(
      "arrives as text",
      Effect.gen(function* () {
        arrives(yield* sent(HttpBody.text("héllo ✓", "text/x")), "héllo ✓", {
          "content-length": "10",
          "content-type": "text/x"
        })
      })
    )

    law(
      "arrives as JSON",
      Effect.gen(function* () {
        arrives(yield* sent(yield* HttpBody.json({ a: [1, "é"] })), '{"a":[1,"é"]}', {
          "content-length": "14",
          "content-type": "application/json"
        })
      })
    )

    law(
      "arrives as a form",
      Effect.gen(function* () {
        arrives(
          yield* sent(HttpBody.urlParams(UrlParams.fromInput({ a: "b c", d: "é&" }))),
          "a=b+c&d=%C3%A9%26",
          {
            "content-type": "application/x-www-form-urlencoded",
            "content-length": "17"
          }
        )
      })
    )

    law(
      "arrives as a form of several parts",
      Effect.gen(function* () {
        // The one of undici: it does not know the one of Node.js.
        const form = new Undici.FormData()
        form.append("field", "value é")
        form.append("file", new File(["content"], "name.txt", { type: "text/x" }))
        const { body, headers } = yield* sent(HttpBody.formData(form))
        const parts = yield* Effect.promise(() =>
          new Response(new Uint8Array(body), {
            headers: { "content-type": headers["content-type"] ?? "" }
          }).formData()
        )
        assert.strictEqual(parts.get("field"), "value é")
        const file = parts.get("file")
        assert.instanceOf(file, File)
        assert.strictEqual(file instanceof File ? file.name : "", "name.txt")
        assert.strictEqual(
          yield* Effect.promise(async () => (file instanceof File ? file.text() : "")),
          "content"
        )
      })
    )

    law(
      "arrives as a stream, in pieces",
      Effect.gen(function* () {
        const received = yield* sent(HttpBody.stream(Stream.make(bytesOf("one "), bytesOf("two")), "text/x"))
        arrives(received, "one two", { "transfer-encoding": "chunked", "content-type": "text/x" })
        assert.notProperty(received.headers, "content-length")
      })
    )

    law(
      "arrives as a stream of known length",
      Effect.gen(function* () {
        const received = yield* sent(
          HttpBody.stream(Stream.make(bytesOf("one "), bytesOf("two")), "text/x", 7)
        )
        arrives(received, "one two", { "content-length": "7", "content-type": "text/x" })
        assert.notProperty(received.headers, "transfer-encoding")
      })
    )

    law(
      "arrives as an empty stream",
      Effect.gen(function* () {
        assert.strictEqual((yield* sent(HttpBody.stream(Stream.empty))).body.length, 0)
      })
    )

    law(
      "arrives with DELETE too",
      Effect.gen(function* () {
        arrives(yield* sent(HttpBody.text("gone"), "DELETE"), "gone", { "content-length": "4" })
      })
    )

    law(
      "arrives as a large stream, intact",
      Effect.gen(function* () {
        const pieces = Array.from({ length: 128 }, () => new Uint8Array(randomBytes(65_536)))
        const { body } = yield* sent(HttpBody.stream(Stream.fromIterable(pieces)))
        assert.strictEqual(digest(body), digest(Buffer.concat(pieces)))
      })
    )

    for (const [kind, body] of [
      ["a string", () => "raw"],
      ["a Buffer", () => Buffer.from("raw")],
      ["a Blob", () => new Blob(["raw"])],
      ["a ReadableStream", () => new Blob(["raw"]).stream()],
      ["a Readable", () => Readable.from([Buffer.from("ra"), Buffer.from("w")])]
    ] as const) {
      law(
        `arrives when it is ${kind}`,
        Effect.gen(function* () {
          arrives(yield* sent(HttpBody.raw(body(), { contentType: "text/x" })), "raw", {
            "content-type": "text/x"
          })
        })
      )
    }
  })

  describe(`${name}: a stream that is sent`, () => {
    const post = (url: string, stream: Stream.Stream<Uint8Array, unknown>, contentLength?: number) =>
      HttpClient.execute(HttpClientRequest.bodyStream(HttpClientRequest.post(url), stream, { contentLength }))

    law(
      "fails the call when it fails, and the request is cut off",
      Effect.gen(function* () {
        const whole = yield* Queue.unbounded<boolean>()
        const { closed, url } = yield* serve((request) => {
          request.on("data", () => {})
          request.on("close", () => Queue.unsafeOffer(whole, request.complete))
          request.on("error", () => {})
        })
        const failing = Stream.concat(Stream.make(bytesOf("some")), Stream.fail(new Broken()))
        isRequestError(yield* Effect.flip(post(url, failing)), "Transport", url)
        yield* Queue.take(closed)
        assert.isFalse(yield* Queue.take(whole))
      })
    )

    for (const [relation, length] of [
      ["shorter", 8],
      ["longer", 2]
    ] as const) {
      law(
        `fails the call when it is ${relation} than was said`,
        Effect.gen(function* () {
          const { url } = yield* record
          isRequestError(
            yield* Effect.flip(post(url, Stream.make(bytesOf("fo"), bytesOf("ur")), length)),
            "Transport",
            url
          )
        })
      )
    }

    law(
      "is finalized when it was sent",
      Effect.gen(function* () {
        const { url } = yield* record
        const finalized = yield* Deferred.make<void>()
        yield* post(url, Stream.ensuring(Stream.make(bytesOf("a")), Deferred.succeed(finalized, undefined)))
        yield* Deferred.await(finalized)
      })
    )

    law(
      "is interrupted with the call",
      Effect.gen(function* () {
        const { arrived, closed, url } = yield* record
        const finalized = yield* Deferred.make<void>()
        const endless = Stream.concat(Stream.make(bytesOf("a")), Stream.never)
        const call = yield* Effect.fork(
          post(url, Stream.ensuring(endless, Deferred.succeed(finalized, undefined)))
        )
        yield* Queue.take(arrived)
        yield* Fiber.interrupt(call)
        yield* Deferred.await(finalized)
        yield* Queue.take(closed)
      })
    )

    law(
      "need not have ended for the answer to come",
      Effect.gen(function* () {
        const { url } = yield* serve((request, response) => {
          request.once("data", () => response.writeHead(413).end("enough"))
        })
        const endless = Stream.concat(Stream.make(bytesOf("a")), Stream.never)
        const response = yield* post(url, endless)
        assert.strictEqual(response.status, 413)
        assert.strictEqual(yield* response.text, "enough")
      })
    )

    law(
      "is not pulled any further when the server does not read",
      Effect.gen(function* () {
        let pulled = 0
        const { url } = yield* serve((request) => {
          request.pause()
        })
        const piece = new Uint8Array(65_536)
        const huge = Stream.repeatEffect(
          Effect.sync(() => {
            pulled += piece.length
            return piece
          })
        ).pipe(Stream.take(512))
        const call = yield* Effect.fork(post(url, huge))
        const stands = yield* settled(() => pulled)
        assert.isAbove(stands, 0)
        assert.isBelow(stands, 24 * megabyte)
        yield* Fiber.interrupt(call)
      })
    )
  })

  describe(`${name}: an answer`, () => {
    law(
      "has its status, whatever it is",
      Effect.gen(function* () {
        const { url } = yield* serveWhole(({ target }, response) => {
          response.statusCode = Number(target.slice(1))
          response.end("page")
        })
        for (const status of [200, 201, 299, 301, 302, 307, 400, 401, 404, 418, 429, 500, 503, 599]) {
          const response = yield* HttpClient.get(`${url}/${status}`)
          assert.strictEqual(response.status, status)
          assert.strictEqual(yield* response.text, "page")
        }
      })
    )

    law(
      "has its headers, their names in lower case",
      Effect.gen(function* () {
        const { url } = yield* serveBytes((socket) => {
          socket.write(head("HTTP/1.1 200 OK", "X-Upper:  Value", "x-EMPTY:", "Content-Length: 0"))
        })
        const { headers } = yield* HttpClient.get(url)
        assert.deepStrictEqual({ ...headers }, { "x-upper": "Value", "x-empty": "", "content-length": "0" })
      })
    )

    law(
      "joins the headers of one name",
      Effect.gen(function* () {
        const { url } = yield* serveBytes((socket) => {
          socket.write(head("HTTP/1.1 200 OK", "x-many: a", "content-length: 0", "X-Many: b", "x-many: c, d"))
        })
        const { headers } = yield* HttpClient.get(url)
        assert.strictEqual(headers["x-many"], "a, b, c, d")
      })
    )

    law(
      "has all its cookies",
      Effect.gen(function* () {
        const { url } = yield* serveWhole(({ target }, response) => {
          if (target === "/two") response.setHeader("set-cookie", ["a=1; Path=/; HttpOnly", "b=2"])
          if (target === "/one") response.setHeader("set-cookie", "c=3; Secure")
          response.end()
        })
        const cookies = (path: string) =>
          Effect.map(HttpClient.get(`${url}${path}`), (response) =>
            Object.values(response.cookies.cookies).map(({ name, options, value }) => ({
              name,
              value,
              ...options
            }))
          )
        assert.deepStrictEqual(yield* cookies("/two"), [
          { name: "a", value: "1", path: "/", httpOnly: true },
          { name: "b", value: "2" }
        ])
        assert.deepStrictEqual(yield* cookies("/one"), [{ name: "c", value: "3", secure: true }])
        assert.deepStrictEqual(yield* cookies("/none"), [])
      })
    )

    law(
      "has the request it answers",
      Effect.gen(function* () {
        const { url } = yield* record
        const request = HttpClientRequest.get(url)
        const client = HttpClient.withTracerDisabledWhen(yield* HttpClient.HttpClient, () => true)
        assert.strictEqual((yield* client.execute(request)).request, request)
      })
    )

    law(
      "shows its status and its text, once read, when it is printed",
      Effect.gen(function* () {
        const { url } = yield* serveWhole((_, response) =>
          response.writeHead(418, { "content-type": "text/plain" }).end("short and stout")
        )
        const response = yield* HttpClient.get(url)
        yield* response.text
        assert.include(inspect(response), "418")
        assert.include(inspect(response), "short and stout")
      })
    )

    law(
      "comes after any number of answers that only inform",
      Effect.gen(function* () {
        const { url } = yield* serveBytes((socket, path) => {
          socket.write(head("HTTP/1.1 103 Early Hints", "link: </style.css>; rel=preload", "x-hint: yes"))
          socket.write(head("HTTP/1.1 102 Processing") + head("HTTP/1.1 103 Early Hints", "x-hint: again"))
          if (path === "/apart") setTimeout(() => socket.write(ok("final")), 20)
          else socket.write(ok("final"))
        })
        for (const path of ["/at-once", "/apart", "/at-once"]) {
          const response = yield* HttpClient.get(`${url}${path}`)
          assert.strictEqual(response.status, 200)
          assert.deepStrictEqual({ ...response.headers }, { "content-length": "5" })
          assert.strictEqual(yield* response.text, "final")
        }
      })
    )

    law(
      "that was not asked for is nobody's answer",
      Effect.gen(function* () {
        const { url } = yield* serveBytes((socket, path) => {
          socket.write(path === "/first" ? ok("first") + ok("evil") : ok("second"))
        })
        assert.strictEqual(yield* getText(`${url}/first`), "first")
        assert.strictEqual(yield* getText(`${url}/second`), "second")
      })
    )

    law(
      "is not followed when it points elsewhere",
      Effect.gen(function* () {
        const { arrived, url } = yield* serveWhole((_, response) => {
          response.writeHead(302, { location: "/elsewhere" }).end()
        })
        assert.strictEqual((yield* HttpClient.get(`${url}/here`)).status, 302)
        assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Queue.takeAll(arrived)), ["/here"])
      })
    )
  })

  // Without a span a transport may take another path.
  for (const [tracing, isTraced] of [
    ["traced", true],
    ["not traced", false]
  ] as const) {
    const law = lawWhen(isTraced)

    describe(`${name}: the body of an answer, ${tracing}`, () => {
      const answering = (body: string | Uint8Array) => serveWhole((_, response) => response.end(body))

      law(
        "is read as text",
        Effect.gen(function* () {
          const { url } = yield* answering("héllo ✓")
          assert.strictEqual(yield* getText(url), "héllo ✓")
        })
      )

      law(
        "is read as text when a character comes in two pieces",
        Effect.gen(function* () {
          const [first, rest] = [Buffer.from("a✓b").subarray(0, 2), Buffer.from("a✓b").subarray(2)]
          const { url } = yield* serveWhole((_, response) => {
            response.write(first)
            setTimeout(() => response.end(rest), 20)
          })
          assert.strictEqual(yield* getText(url), "a✓b")
        })
      )

      law(
        "is read as text without its mark of byte order, and with a mark for what is no text",
        Effect.gen(function* () {
          const { url } = yield* answering(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x62]))
          assert.strictEqual(yield* getText(url), "a\ufffdb")
        })
      )

      law(
        "is read as JSON",
        Effect.gen(function* () {
          const { url } = yield* answering('{"a":[1,"é"]}')
          assert.deepStrictEqual(yield* (yield* HttpClient.get(url)).json, { a: [1, "é"] })
        })
      )

      law(
        "is null as JSON when it is empty",
        Effect.gen(function* () {
          const { url } = yield* answering("")
          assert.isNull(yield* (yield* HttpClient.get(url)).json)
        })
      )

      law(
        "fails to decode when it is no JSON, and is text all the same",
        Effect.gen(function* () {
          const { url } = yield* answering('{"a":')
          const response = yield* HttpClient.get(url)
          isDecodeError(yield* Effect.flip(response.json), 200)
          assert.strictEqual(yield* response.text, '{"a":')
        })
      )

      law(
        "is read as bytes",
        Effect.gen(function* () {
          const bytes = randomBytes(1_000)
          const { url } = yield* answering(bytes)
          const buffer = yield* (yield* HttpClient.get(url)).arrayBuffer
          assert.instanceOf(buffer, ArrayBuffer)
          assert.strictEqual(digest(new Uint8Array(buffer)), digest(bytes))
        })
      )

      law(
        "is read as the parameters of a form",
        Effect.gen(function* () {
          const { url } = yield* answering("a=b+c&a=%C3%A9&d=")
          const params = yield* (yield* HttpClient.get(url)).urlParamsBody
          assert.deepStrictEqual(
            [...params],
            [
              ["a", "b c"],
              ["a", "é"],
              ["d", ""]
            ]
          )
        })
      )

      law(
        "is read as a stream, piece by piece as it comes",
        Effect.gen(function* () {
          const more = yield* Queue.unbounded<() => void>()
          const { url } = yield* serveWhole((_, response) => {
            response.write("one ")
            Queue.unsafeOffer(more, () => response.end("two"))
          })
          const response = yield* HttpClient.get(url)
          const proceed = yield* Queue.take(more)
          const chunks = yield* response.stream.pipe(
            Stream.tap(() => Effect.sync(proceed)),
            Stream.runCollect
          )
          assert.strictEqual(textOf(chunks), "one two")
          assert.isAbove(chunks.length, 1)
        })
      )

      law(
        "is an empty stream when it is empty",
        Effect.gen(function* () {
          const { url } = yield* answering("")
          const chunks = yield* Stream.runCollect((yield* HttpClient.get(url)).stream)
          assert.strictEqual(textOf(chunks), "")
        })
      )

      law(
        "is the same when it is read again",
        Effect.gen(function* () {
          const { url } = yield* answering("[1]")
          const twice = <A>(
            read: (
              response: HttpClientResponse.HttpClientResponse
            ) => Effect.Effect<A, HttpClientError.ResponseError>
          ) =>
            Effect.gen(function* () {
              const response = yield* HttpClient.get(url)
              return [yield* read(response), yield* read(response)] as const
            })
          assert.deepStrictEqual(yield* twice((response) => response.text), ["[1]", "[1]"])
          assert.deepStrictEqual(yield* twice((response) => response.json), [[1], [1]])
          const [first, second] = yield* twice((response) => response.arrayBuffer)
          assert.strictEqual(Buffer.from(first).toString(), "[1]")
          assert.strictEqual(Buffer.from(second).toString(), "[1]")
          const [one, other] = yield* twice((response) => response.urlParamsBody)
          assert.deepStrictEqual([...one], [["[1]", ""]])
          assert.deepStrictEqual([...other], [["[1]", ""]])
        })
      )

      law(
        "is the same for readers at the same time",
        Effect.gen(function* () {
          const { url } = yield* serveWhole((_, response) => {
            response.write("one ")
            setTimeout(() => response.end("two"), 20)
          })
          const response = yield* HttpClient.get(url)
          assert.deepStrictEqual(
            yield* Effect.all([response.text, response.text, response.text], { concurrency: "unbounded" }),
            ["one two", "one two", "one two"]
          )
        })
      )

      for (const [kind, answer, status] of [
        ["of an empty page", head("HTTP/1.1 200 OK", "content-length: 0"), 200],
        ["of no pieces", `${head("HTTP/1.1 200 OK", "transfer-encoding: chunked")}0\r\n\r\n`, 200],
        ["without content", head("HTTP/1.1 204 No Content"), 204],
        ["that is not modified", head("HTTP/1.1 304 Not Modified"), 304]
      ] as const) {
        law(
          `is empty in an answer ${kind}, and the connection goes on`,
          Effect.gen(function* () {
            const { sockets, url } = yield* serveBytes((socket) => socket.write(answer))
            for (let time = 0; time < 4; time++) {
              const response = yield* HttpClient.get(url)
              assert.strictEqual(response.status, status)
              assert.strictEqual(yield* response.text, "")
            }
            assert.isAtMost(sockets.length, 2)
          })
        )
      }

      law(
        "is empty in an answer to HEAD, whatever length it says",
        Effect.gen(function* () {
          const { url } = yield* serveBytes((socket) => {
            socket.write(head("HTTP/1.1 200 OK", "content-length: 1000"))
          })
          for (let time = 0; time < 4; time++) {
            const response = yield* HttpClient.head(url)
            assert.strictEqual(response.headers["content-length"], "1000")
            assert.strictEqual(yield* response.text, "")
          }
        })
      )

      law(
        "ends with its last piece, and trailers are no part of it",
        Effect.gen(function* () {
          const { sockets, url } = yield* serveBytes((socket) => {
            socket.write(head("HTTP/1.1 200 OK", "transfer-encoding: chunked", "trailer: x-sum"))
            socket.write("5;extension=1\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 1\r\n\r\n")
          })
          for (let time = 0; time < 4; time++) {
            const response = yield* HttpClient.get(url)
            assert.strictEqual(yield* response.text, "hello world")
            assert.notProperty(response.headers, "x-sum")
          }
          assert.isAtMost(sockets.length, 2)
        })
      )

      law(
        "ends with the connection when it says no length",
        Effect.gen(function* () {
          const { url } = yield* serveBytes((socket) => {
            socket.end(`${head("HTTP/1.1 200 OK", "connection: close")}to the end`)
          })
          for (let time = 0; time < 2; time++) assert.strictEqual(yield* getText(url), "to the end")
        })
      )

      law(
        "is intact when it is large",
        Effect.gen(function* () {
          const bytes = randomBytes(8 * megabyte)
          const { url } = yield* serveWhole(({ target }, response) => {
            if (target === "/length") response.setHeader("content-length", bytes.length)
            Readable.from(
              (function* () {
                for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
              })()
            ).pipe(response)
          })
          for (const path of ["/length", "/pieces"]) {
            const whole = yield* (yield* HttpClient.get(`${url}${path}`)).arrayBuffer
            assert.strictEqual(digest(new Uint8Array(whole)), digest(bytes))
            const chunks = yield* Stream.runCollect((yield* HttpClient.get(`${url}${path}`)).stream)
            assert.strictEqual(digest(Buffer.concat(Chunk.toReadonlyArray(chunks))), digest(bytes))
          }
        })
      )

      law(
        "is intact when it is large and read slowly",
        Effect.gen(function* () {
          const bytes = randomBytes(4 * megabyte)
          const { url } = yield* answering(bytes)
          const hash = createHash("sha256")
          yield* Stream.runForEachChunk((yield* HttpClient.get(url)).stream, (chunk) =>
            Effect.zipRight(
              Effect.sleep("1 millis"),
              Effect.sync(() => {
                for (const piece of chunk) hash.update(piece)
              })
            )
          )
          assert.strictEqual(hash.digest("hex"), digest(bytes))
        })
      )

      law(
        "is held back at the server while nobody reads it, and goes on when somebody does",
        Effect.gen(function* () {
          const { sockets, url } = yield* serveWhole((_, response) => {
            pour(Buffer.alloc(65_536, "x"), 512).pipe(response)
          })
          const written = () => sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0)
          const response = yield* HttpClient.get(url)
          assert.isBelow(yield* settled(written), 24 * megabyte)
          assert.strictEqual((yield* response.arrayBuffer).byteLength, 32 * megabyte)
        })
      )

      law(
        "is held back at the server while its reader waits",
        Effect.gen(function* () {
          const { sockets, url } = yield* serveWhole((_, response) => {
            pour(Buffer.alloc(65_536, "x"), 512).pipe(response)
          })
          const written = () => sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0)
          const response = yield* HttpClient.get(url)
          const count = (chunk: Chunk.Chunk<Uint8Array>) =>
            Chunk.reduce(chunk, 0, (sum, piece) => sum + piece.length)
          const total = yield* Effect.scoped(
            Effect.gen(function* () {
              const pull = yield* Stream.toPull(response.stream)
              let read = count(yield* Effect.mapError(pull, () => new Broken()))
              const stands = yield* settled(written)
              assert.isAbove(stands, 0)
              assert.isBelow(stands, 24 * megabyte)
              for (;;) {
                const chunk = yield* Effect.catchAll(Effect.asSome(pull), () => Effect.succeedNone)
                if (Option.isNone(chunk)) return read
                read += count(chunk.value)
              }
            })
          )
          assert.strictEqual(total, 32 * megabyte)
        })
      )
    })

    describe(`${name}: a call that is given up, ${tracing}`, () => {
      /** Never answers, but for the path that ends in "ok". */
      const silent = serve((request, response) => {
        if (request.url === "/ok") response.end("ok")
      })

      /** Begins its answers and never ends them, but for the path that ends in "ok". */
      const endless = serve((request, response) => {
        if (request.url === "/ok") response.end("ok")
        else response.write("begun")
      })

      law(
        "while it waits for the answer ends its connection",
        Effect.gen(function* () {
          const { arrived, closed, url } = yield* silent
          const call = yield* Effect.fork(HttpClient.get(url))
          yield* Queue.take(arrived)
          yield* Fiber.interrupt(call)
          yield* Queue.take(closed)
          assert.strictEqual(yield* getText(`${url}/ok`), "ok")
        })
      )

      law(
        "before it has a connection is never sent",
        Effect.gen(function* () {
          const { arrived, url } = yield* silent
          const call = yield* Effect.fork(HttpClient.get(`${url}/unsent`))
          yield* Effect.yieldNow()
          yield* Fiber.interrupt(call)
          assert.strictEqual(yield* getText(`${url}/ok`), "ok")
          assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Queue.takeAll(arrived)), ["/ok"])
        })
      )

      law(
        "by a time limit ends its connection",
        Effect.gen(function* () {
          const { arrived, closed, url } = yield* silent
          const error = yield* HttpClient.get(url).pipe(
            Effect.timeout("1 minute"),
            Effect.withClock(clockThatWaitsFor(Queue.take(arrived))),
            Effect.flip
          )
          assert.strictEqual(error._tag, "TimeoutException")
          yield* Queue.take(closed)
          assert.strictEqual(yield* getText(`${url}/ok`), "ok")
        })
      )

      for (const [kind, read] of Object.entries(readers)) {
        law(
          `while its body is read as ${kind} ends its connection`,
          Effect.gen(function* () {
            const { closed, url } = yield* endless
            const response = yield* HttpClient.get(url)
            const reader = yield* Effect.fork(read(response))
            yield* begun
            yield* Fiber.interrupt(reader)
            yield* Queue.take(closed)
            assert.strictEqual(yield* getText(`${url}/ok`), "ok")
          })
        )
      }

      law(
        "after the first piece of a stream ends its connection",
        Effect.gen(function* () {
          const { closed, url } = yield* endless
          const response = yield* HttpClient.get(url)
          const chunks = yield* Stream.runCollect(Stream.take(response.stream, 1))
          assert.strictEqual(textOf(chunks), "begun")
          yield* Queue.take(closed)
          assert.strictEqual(yield* getText(`${url}/ok`), "ok")
        })
      )

      law(
        "because the use of a piece failed ends its connection",
        Effect.gen(function* () {
          const { closed, url } = yield* endless
          const response = yield* HttpClient.get(url)
          const error = yield* Effect.flip(Stream.runForEach(response.stream, () => new Broken()))
          assert.strictEqual(error._tag, "Broken")
          yield* Queue.take(closed)
          assert.strictEqual(yield* getText(`${url}/ok`), "ok")
        })
      )

      law(
        "with its scope ends its connection, before the answer and after it",
        Effect.gen(function* () {
          const { arrived, closed, url } = yield* endless
          const client = HttpClient.withScope(yield* HttpClient.HttpClient)
          yield* Effect.scoped(client.get(`${url}/begun`))
          yield* Queue.take(closed)
          yield* Queue.takeAll(arrived)
          const { arrived: waiting, closed: ended, url: quiet } = yield* silent
          const scope = yield* Scope.make()
          const call = yield* Effect.fork(Scope.extend(client.get(quiet), scope))
          yield* Queue.take(waiting)
          yield* Scope.close(scope, Exit.void)
          yield* Queue.take(ended)
          isRequestError(yield* Effect.flip(Fiber.join(call)), "Transport", quiet)
        })
      )

      law(
        "where it cannot be is not, and completes",
        Effect.gen(function* () {
          const answer = yield* Queue.unbounded<() => void>()
          const { url } = yield* serve((_, response) => {
            Queue.unsafeOffer(answer, () => response.end("complete"))
          })
          const text = yield* Deferred.make<string>()
          const call = yield* Effect.fork(
            Effect.uninterruptible(Effect.flatMap(getText(url), (read) => Deferred.succeed(text, read)))
          )
          const complete = yield* Queue.take(answer)
          yield* Fiber.interruptFork(call)
          yield* begun
          complete()
          assert.strictEqual(yield* Deferred.await(text), "complete")
        })
      )

      law(
        "leaves others alone",
        Effect.gen(function* () {
          const { url } = yield* serveWhole(({ target }, response) => {
            setTimeout(() => response.end(target), 5)
          })
          const calls = yield* Effect.forEach(
            Array.from({ length: 40 }, (_, index) => index),
            (index) => Effect.fork(getText(`${url}/${index}`))
          )
          yield* begun
          yield* Effect.forEach(
            calls.filter((_, index) => index % 2 === 0),
            Fiber.interrupt
          )
          const texts = yield* Effect.forEach(
            calls.filter((_, index) => index % 2 === 1),
            Fiber.join
          )
          assert.deepStrictEqual(
            texts,
            Array.from({ length: 20 }, (_, index) => `/${2 * index + 1}`)
          )
        })
      )
    })

    describe(`${name}: a failure, ${tracing}`, () => {
      const failures: Readonly<Record<string, (socket: Socket) => void>> = {
        "that resets the connection": (socket) => socket.resetAndDestroy(),
        "that closes the connection": (socket) => socket.end(),
        "in the middle of the head": (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-le"),
        "after an answer that only informs": (socket) => socket.end(head("HTTP/1.1 103 Early Hints")),
        "that is no HTTP": (socket) => socket.write("This is no HTTP at all.\r\n\r\n"),
        "that is the HTTP of a wrong version": (socket) => socket.write(head("HTTP/7.7 200 OK")),
        "that says two lengths": (socket) =>
          socket.write(`${head("HTTP/1.1 200 OK", "content-length: 1", "content-length: 2")}ab`),
        "of a header that is too long": (socket) =>
          socket.write(head("HTTP/1.1 200 OK", `x-long: ${"y".repeat(20_000)}`, "content-length: 0"))
      }

      for (const [kind, fail] of Object.entries(failures)) {
        law(
          `${kind} fails the call, and not the next one`,
          Effect.gen(function* () {
            const { url } = yield* serveBytes((socket, path) => {
              if (path === "/bad") fail(socket)
              else socket.write(ok("good"))
            })
            for (let time = 0; time < 3; time++) {
              isRequestError(yield* Effect.flip(HttpClient.get(`${url}/bad`)), "Transport", `${url}/bad`)
              assert.strictEqual(yield* getText(`${url}/good`), "good")
              assert.strictEqual(yield* getText(`${url}/good`), "good")
            }
          })
        )
      }

      law(
        "hits the calls on its connection only",
        Effect.gen(function* () {
          const { url } = yield* serveBytes((socket, path) => {
            if (Number(path.slice(1)) % 2 === 0) socket.write(ok(path))
            else socket.resetAndDestroy()
          })
          const outcomes = yield* Effect.forEach(
            Array.from({ length: 40 }, (_, index) => index),
            (index) => Effect.merge(getText(`${url}/${index}`)),
            { concurrency: "unbounded" }
          )
          for (const [index, outcome] of outcomes.entries()) {
            if (index % 2 === 0) assert.strictEqual(outcome, `/${index}`)
            else isRequestError(outcome, "Transport", `${url}/${index}`)
          }
        })
      )

      law(
        "to connect fails the call",
        Effect.gen(function* () {
          const url = yield* nobody
          const error = yield* Effect.flip(HttpClient.get(url))
          isRequestError(error, "Transport", url)
          assert.include(inspect(error.cause), "ECONNREFUSED")
          isRequestError(yield* Effect.flip(HttpClient.get(url)), "Transport", url)
        })
      )

      law(
        "to find the host fails the call",
        Effect.gen(function* () {
          const url = "http://nowhere.invalid/"
          isRequestError(yield* Effect.flip(HttpClient.get(url)), "Transport", url)
        })
      )

      law(
        "has the request that failed",
        Effect.gen(function* () {
          const request = HttpClientRequest.post(yield* nobody, { headers: { "x-mine": "yes" } })
          const client = yield* HttpClient.HttpClient
          const bare = HttpClient.withTracerDisabledWhen(client, () => true)
          const untraced = yield* Effect.flip(bare.execute(request))
          assert.strictEqual(untraced.request, request)
          const traced = yield* Effect.flip(client.execute(request))
          assert.deepInclude(traced.request, { method: "POST", url: request.url })
          assert.strictEqual(traced.request.headers["x-mine"], "yes")
        })
      )

      const cuts: Readonly<Record<string, readonly [begin: string, cut: (socket: Socket) => void]>> = {
        "is reset": [
          `${head("HTTP/1.1 200 OK", "content-length: 100")}part`,
          (socket) => socket.resetAndDestroy()
        ],
        "ends before its length": [
          `${head("HTTP/1.1 200 OK", "content-length: 100")}part`,
          (socket) => socket.end()
        ],
        "ends before its last piece": [
          `${head("HTTP/1.1 200 OK", "transfer-encoding: chunked")}4\r\npart\r\n`,
          (socket) => socket.end()
        ],
        "has a piece of no length": [
          `${head("HTTP/1.1 200 OK", "transfer-encoding: chunked")}4\r\npart\r\n`,
          (socket) => socket.write("zzz\r\n")
        ]
      }

      for (const [kind, [begin, cut]] of Object.entries(cuts)) {
        for (const [way, read] of Object.entries(readers)) {
          law(
            `of a body that ${kind} while it is read as ${way} fails the reader, and not the next call`,
            Effect.gen(function* () {
              const held = yield* Queue.unbounded<Socket>()
              const { url } = yield* serveBytes((socket, path) => {
                if (path === "/good") socket.write(ok("good"))
                else {
                  socket.write(begin)
                  Queue.unsafeOffer(held, socket)
                }
              })
              const response = yield* HttpClient.get(`${url}/bad`)
              assert.strictEqual(response.status, 200)
              const reader = yield* Effect.fork(read(response))
              yield* begun
              cut(yield* Queue.take(held))
              const error = yield* Effect.flip(Fiber.join(reader))
              isDecodeError(error, 200)
              assert.strictEqual(error.request.url, `${url}/bad`)
              assert.strictEqual(yield* getText(`${url}/good`), "good")
            })
          )
        }

        law(
          `of a body that ${kind} before it is read fails the reader`,
          Effect.gen(function* () {
            const held = yield* Queue.unbounded<Socket>()
            const { closed, url } = yield* serveBytes((socket) => {
              socket.write(begin)
              Queue.unsafeOffer(held, socket)
            })
            const response = yield* HttpClient.get(url)
            cut(yield* Queue.take(held))
            yield* Queue.take(closed)
            yield* begun
            isDecodeError(yield* Effect.flip(response.text), 200)
          })
        )
      }

      law(
        "in the middle of a stream comes after the pieces that came",
        Effect.gen(function* () {
          const held = yield* Queue.unbounded<Socket>()
          const { url } = yield* serveBytes((socket) => {
            socket.write(`${head("HTTP/1.1 200 OK", "content-length: 100")}part`)
            Queue.unsafeOffer(held, socket)
          })
          const response = yield* HttpClient.get(url)
          const socket = yield* Queue.take(held)
          let text = ""
          const error = yield* response.stream.pipe(
            Stream.runForEach((piece) =>
              Effect.sync(() => {
                text += Buffer.from(piece).toString()
                socket.resetAndDestroy()
              })
            ),
            Effect.flip
          )
          isDecodeError(error, 200)
          assert.strictEqual(text, "part")
        })
      )
    })
  }

  describe(`${name}: the connections`, () => {
    law(
      "are used again",
      Effect.gen(function* () {
        const { sockets, url } = yield* serveWhole((_, response) => response.end("ok"))
        yield* Effect.repeatN(getText(url), 19)
        assert.isAtMost(sockets.length, 2)
      })
    )

    law(
      "are used again after large bodies in both directions",
      Effect.gen(function* () {
        const { sockets, url } = yield* serveWhole(({ body }, response) => response.end(body))
        const body = HttpBody.stream(Stream.make(new Uint8Array(200_000)))
        for (let time = 0; time < 5; time++) {
          const response = yield* HttpClient.post(url, { body })
          assert.strictEqual((yield* response.arrayBuffer).byteLength, 200_000)
        }
        assert.isAtMost(sockets.length, 2)
      })
    )

    law(
      "are not used again when the server says that it closes them",
      Effect.gen(function* () {
        const { sockets, url } = yield* serveBytes((socket) => {
          socket.write(`${head("HTTP/1.1 200 OK", "connection: close", "content-length: 4")}last`)
        })
        for (let time = 0; time < 3; time++) assert.strictEqual(yield* getText(url), "last")
        assert.strictEqual(sockets.length, 3)
      })
    )

    law(
      "are not used again when the server closed them",
      Effect.gen(function* () {
        const { closed, sockets, url } = yield* serveBytes((socket) => {
          socket.end(ok("ok"))
        })
        for (let time = 0; time < 3; time++) {
          assert.strictEqual(yield* getText(url), "ok")
          yield* Queue.take(closed)
        }
        assert.strictEqual(sockets.length, 3)
      })
    )

    law(
      "give 200 calls at the same time an answer each, their own",
      Effect.gen(function* () {
        const { url } = yield* serveWhole(({ body, target }, response) => {
          setTimeout(() => response.end(`${target} ${body.toString()}`), Number(target.slice(1)) % 7)
        })
        const answers = yield* Effect.forEach(
          Array.from({ length: 200 }, (_, index) => index),
          (index) =>
            Effect.flatMap(
              HttpClient.post(`${url}/${index}`, { body: HttpBody.text(`body ${index}`) }),
              (response) => response.text
            ),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          answers,
          Array.from({ length: 200 }, (_, index) => `/${index} body ${index}`)
        )
      })
    )

    law(
      "to several servers are apart",
      Effect.gen(function* () {
        const first = yield* serveWhole((_, response) => response.end("first"))
        const second = yield* serveWhole((_, response) => response.end("second"))
        const texts = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? first.url : second.url)),
          getText,
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          texts,
          Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? "first" : "second"))
        )
      })
    )
  })

  describe(`${name}: the end of the layer`, () => {
    const built = Effect.gen(function* () {
      const scope = yield* Scope.make()
      const services = yield* Scope.extend(Layer.build(Layer.fresh(layer)), scope)
      return { client: Context.get(services, HttpClient.HttpClient), end: Scope.close(scope, Exit.void) }
    })

    it.scopedLive("ends the calls that wait for an answer", () =>
      Effect.gen(function* () {
        const { client, end } = yield* built
        const { arrived, closed, url } = yield* serve(() => {})
        const first = yield* Effect.fork(client.get(`${url}/first`))
        yield* Queue.take(arrived)
        const second = yield* Effect.fork(client.get(`${url}/second`))
        yield* begun
        yield* end
        isRequestError(yield* Effect.flip(Fiber.join(first)), "Transport", `${url}/first`)
        isRequestError(yield* Effect.flip(Fiber.join(second)), "Transport", `${url}/second`)
        yield* Queue.take(closed)
      })
    )

    it.scopedLive("ends the bodies that are read", () =>
      Effect.gen(function* () {
        const { client, end } = yield* built
        const { closed, url } = yield* serve((_, response) => response.write("begun"))
        const response = yield* client.get(url)
        const reader = yield* Effect.fork(response.text)
        yield* begun
        yield* end
        isDecodeError(yield* Effect.flip(Fiber.join(reader)), 200)
        yield* Queue.take(closed)
      })
    )

    it.scopedLive("does not wait for an answer that nobody reads", () =>
      Effect.gen(function* () {
        const { client, end } = yield* built
        const { closed, url } = yield* serveWhole((_, response) => {
          pour(Buffer.alloc(65_536, "x"), 512).pipe(response)
        })
        const response = yield* client.get(url)
        yield* end
        yield* Queue.take(closed)
        isDecodeError(yield* Effect.flip(response.text), 200)
      })
    )

    it.scopedLive("closes the connections that are idle", () =>
      Effect.gen(function* () {
        const { client, end } = yield* built
        const { closed, url } = yield* serveWhole((_, response) => response.end("ok"))
        assert.strictEqual(yield* Effect.flatMap(client.get(url), (response) => response.text), "ok")
        yield* end
        yield* Queue.take(closed)
      })
    )

    it.scopedLive("fails the calls that come later", () =>
      Effect.gen(function* () {
        const { client, end } = yield* built
        const { sockets, url } = yield* serveWhole((_, response) => response.end("ok"))
        yield* end
        isRequestError(yield* Effect.flip(client.get(url)), "Transport", url)
        assert.strictEqual(sockets.length, 0)
      })
    )
  })

  describe(`${name}: a call that is traced`, () => {
    const attributesOf = (span: Tracer.Span) => Object.fromEntries(span.attributes)

    law(
      "is one span with its method, its URL and its status, and the server is told of it",
      Effect.gen(function* () {
        const { port, received, url } = yield* record
        const { spans } = yield* recorded(Effect.withSpan(getText(`${url}/a?x=1`), "outer"))
        const [outer, span, ...others] = spans
        assert.isEmpty(others)
        assert.isDefined(outer)
        assert.isDefined(span)
        if (outer === undefined || span === undefined) return
        assert.strictEqual(outer.name, "outer")
        assert.strictEqual(span.name, "http.client GET")
        assert.strictEqual(span.kind, "client")
        assert.strictEqual(Option.getOrUndefined(span.parent)?.spanId, outer.spanId)
        assert.strictEqual(span.status._tag, "Ended")
        assert.deepInclude(attributesOf(span), {
          "http.request.method": "GET",
          "http.response.status_code": 200,
          "server.address": url,
          "server.port": port,
          "url.full": `${url}/a?x=1`,
          "url.path": "/a",
          "url.query": "x=1",
          "url.scheme": "http"
        })
        const { headers } = yield* Queue.take(received)
        assert.strictEqual(headers["traceparent"], `00-${span.traceId}-${span.spanId}-01`)
        assert.include(headers["b3"], span.spanId)
      })
    )

    law(
      "hides the headers with secrets in its span",
      Effect.gen(function* () {
        const { url } = yield* record
        const call = HttpClient.get(url, { headers: { authorization: "Bearer secret", "x-open": "seen" } })
        const { spans } = yield* recorded(call)
        const attributes = attributesOf(yield* Effect.fromNullable(spans[0]))
        assert.strictEqual(attributes["http.request.header.x-open"], "seen")
        assert.property(attributes, "http.request.header.authorization")
        assert.notInclude(inspect(attributes), "Bearer secret")
      })
    )

    law(
      "that fails is a span that failed",
      Effect.gen(function* () {
        const url = yield* nobody
        const { spans } = yield* recorded(Effect.exit(HttpClient.get(url)))
        const { status } = yield* Effect.fromNullable(spans[0])
        assert.isTrue(status._tag === "Ended" && Exit.isFailure(status.exit))
        assert.strictEqual(spans.length, 1)
      })
    )

    law(
      "is no span, and the server is told nothing, where tracing is off",
      Effect.gen(function* () {
        const { received, url } = yield* record
        const client = yield* HttpClient.HttpClient
        const bare = HttpClient.withTracerDisabledWhen(client, () => true)
        const { spans } = yield* recorded(
          Effect.zip(bare.get(url), Effect.withTracerEnabled(client.get(url), false))
        )
        assert.isEmpty(spans)
        for (const { headers } of yield* Queue.takeN(received, 2)) {
          assert.notProperty(headers, "traceparent")
          assert.notProperty(headers, "b3")
        }
      })
    )

    law(
      "is a span that the server is not told of, where nothing is passed on",
      Effect.gen(function* () {
        const { received, url } = yield* record
        const quiet = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
        const { spans } = yield* recorded(quiet.get(url))
        assert.deepStrictEqual(
          spans.map(({ name }) => name),
          ["http.client GET"]
        )
        assert.notProperty((yield* Queue.take(received)).headers, "traceparent")
      })
    )
  })
}

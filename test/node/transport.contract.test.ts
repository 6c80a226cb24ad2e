import { HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Queue, Scope } from "effect"
import { NodeTransport } from "effect-adobe-pass-node"
import { transportContract } from "./transportContract.js"
import { record, serveWhole } from "./transportServer.js"

transportContract("our transport", NodeTransport.layer())
transportContract("our transport on one connection", NodeTransport.layer({ connections: 1 }))

describe("our transport, where the platform's does not", () => {
  it.scopedLive("keeps the fragment of a URL to itself", () =>
    Effect.gen(function* () {
      const { received, url } = yield* record
      yield* HttpClient.get(`${url}/a?x=1#secret`)
      yield* HttpClient.execute(HttpClientRequest.setHash(HttpClientRequest.get(`${url}/b`), "secret"))
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(yield* Queue.takeN(received, 2)).map(({ target }) => target),
        ["/a?x=1", "/b"]
      )
    }).pipe(Effect.provide(NodeTransport.layer()))
  )

  it.scopedLive("reads the body of an answer as a form of several parts", () =>
    Effect.gen(function* () {
      const { url } = yield* serveWhole((_, response) => {
        response.writeHead(200, { "content-type": "multipart/form-data; boundary=x" })
        response.end('--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n')
      })
      const response = yield* HttpClient.get(url)
      assert.strictEqual((yield* response.formData).get("a"), "b")
      assert.strictEqual((yield* response.formData).get("a"), "b")
    }).pipe(Effect.provide(NodeTransport.layer()))
  )

  it.scopedLive("sends a form of the class that Node.js has", () =>
    Effect.gen(function* () {
      const { received, url } = yield* record
      const form = new FormData()
      form.append("name", "value")
      form.append("file", new File(["content"], "a.txt", { type: "text/plain" }))
      yield* HttpClient.execute(HttpClientRequest.bodyFormData(HttpClientRequest.post(url), form))
      const [sent] = Chunk.toReadonlyArray(yield* Queue.takeN(received, 1))
      assert.match(`${sent?.headers["content-type"]}`, /^multipart\/form-data; boundary=/)
      assert.include(`${sent?.body}`, 'name="name"\r\n\r\nvalue')
      assert.include(`${sent?.body}`, 'filename="a.txt"')
    }).pipe(Effect.provide(NodeTransport.layer()))
  )

  it.scopedLive("fails a call whose scope was closed before it was sent", () =>
    Effect.gen(function* () {
      const { url } = yield* serveWhole((_, response) => response.end("ok"))
      const client = HttpClient.withScope(yield* HttpClient.HttpClient)
      const scope = yield* Scope.make()
      const error = yield* client
        .get(url)
        .pipe(
          Effect.provideService(Scope.Scope, scope),
          Effect.withSpan("parent"),
          (call) => Effect.zipRight(Scope.close(scope, Exit.void), call),
          Effect.flip
        )
      assert.deepInclude(error, { _tag: "RequestError", reason: "Transport" })
    }).pipe(Effect.provide(NodeTransport.layer()))
  )

  it.scopedLive("reads the body of an answer in one way after another", () =>
    Effect.gen(function* () {
      const { url } = yield* serveWhole((_, response) => response.end("[1]"))
      const response = yield* HttpClient.get(url)
      const buffer = yield* response.arrayBuffer
      assert.strictEqual(Buffer.from(buffer).toString(), "[1]")
      assert.strictEqual(yield* response.text, "[1]")
      assert.deepStrictEqual(yield* response.json, [1])
      assert.strictEqual(Buffer.from(yield* response.arrayBuffer).toString(), "[1]")
    }).pipe(Effect.provide(NodeTransport.layer()))
  )
})

import * as fs from "node:fs/promises"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Environment } from "effect-adobe-pass"
import * as Answer from "effect-adobe-pass-cli/call/answer"
import * as Request from "effect-adobe-pass-cli/call/request"
import * as Output from "effect-adobe-pass-cli/Output"

const request = HttpClientRequest.get("https://api.example/")

const answer = (chunks: ReadonlyArray<string>, fails = false) => {
  const left = [...chunks]
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const next = left.shift()
      if (next !== undefined) return controller.enqueue(Buffer.from(next))
      if (fails) controller.error(new Error("gone"))
      else controller.close()
    }
  })
  return HttpClientResponse.fromWeb(request, new Response(body))
}

const directory = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(tmpdir(), "call-"))),
  (made) => Effect.promise(() => fs.rm(made, { recursive: true }))
)

describe("the answer of adobe-pass call", () => {
  it.scopedLive("goes to a file, though a chunk is empty", () =>
    Effect.gen(function* () {
      const file = path.join(yield* directory, "answer")
      yield* Answer.writeBody(answer(["one", "", "two"]), file)
      assert.strictEqual(yield* Effect.promise(() => fs.readFile(file, "utf8")), "onetwo")
    }).pipe(Effect.provide([NodeContext.layer, Output.layer]))
  )

  it.scopedLive("leaves the file as it was when the body breaks off", () =>
    Effect.gen(function* () {
      const place = yield* directory
      const file = path.join(place, "answer")
      yield* Effect.promise(() => fs.writeFile(file, "before"))
      yield* Effect.flip(Answer.writeBody(answer(["half"], true), file))
      assert.strictEqual(yield* Effect.promise(() => fs.readFile(file, "utf8")), "before")
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(place)), ["answer"])
    }).pipe(Effect.provide([NodeContext.layer, Output.layer]))
  )
})

/** A channel that keeps what is written. */
const kept = () => {
  const written: Array<string | Uint8Array> = []
  const write = (data: string | Uint8Array) => Effect.sync(() => void written.push(data))
  const channel: Output.Channel = {
    isTerminal: false,
    columns: Effect.succeed(80),
    style: (_, text) => text,
    write,
    line: (text) => write(`${text}\n`)
  }
  return { written, output: { stdout: channel, stderr: channel } }
}

describe("what adobe-pass writes", () => {
  it.effect("is the body of a refusal, byte by byte", () =>
    Effect.gen(function* () {
      const { output, written } = kept()
      const body = Buffer.from([0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xff])
      const response = HttpClientResponse.fromWeb(request, new Response(body, { status: 400 }))
      yield* Effect.provideService(Answer.writeRefusal(response), Output.Output, output)
      assert.deepStrictEqual(written, [body])
    })
  )

  it.effect("has no control character of a server in a sentence", () =>
    Effect.gen(function* () {
      const { output, written } = kept()
      yield* Effect.provideService(Output.failure("trace \u001b[2J"), Output.Output, output)
      assert.deepStrictEqual(written, ["adobe-pass: trace \\u001b[2J\n"])
    })
  )

  it("is a table of any number of rows", () => {
    const rows = Array.from({ length: 300_000 }, () => ["1"])
    assert.isTrue(Output.table(kept().output.stdout, [["n"], ...rows]).startsWith("n\n1\n"))
  })
})

describe("the request of adobe-pass call", () => {
  it.effect.each([
    "Transfer-Encoding",
    "Upgrade",
    "Expect",
    "Connection",
    "Content-Length",
    "Host",
    "__proto__"
  ])("has no header %s of its own", (name) =>
    Effect.gen(function* () {
      const { exitCode, message } = yield* Effect.flip(Request.headersOf([`${name}: 1`]))
      assert.strictEqual(exitCode, 2)
      assert.include(message, name)
    })
  )

  it.effect.each([
    "/api/v2/x;/../../o/client/token",
    "/api/%2E%2e/esm/v3/x",
    "/a/./b",
    "/a\\..\\b",
    "/a/.\t./b"
  ])("refuses the path %s, which leads elsewhere", (path) =>
    Effect.gen(function* () {
      const { exitCode } = yield* Effect.flip(
        Request.urlOf(Environment.environments["release-production"], path, [])
      )
      assert.strictEqual(exitCode, 2)
    })
  )
})

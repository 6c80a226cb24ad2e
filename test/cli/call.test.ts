import * as fs from "node:fs/promises"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Answer from "../../packages/cli/src/call/answer.js"
import * as Output from "../../packages/cli/src/Output.js"

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

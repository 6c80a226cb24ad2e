/** What a warm call allocates and leaves behind, as the garbage collector of a process says it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { adobePass } from "../node/rawAdobePass.js"
import { useWorker } from "../support/workers.js"

const start = useWorker(new URL("warmCalls.ts", import.meta.url))

const calls = 20_000

/** As long as Adobe's. */
const token = { access_token: "t".repeat(600), expires_in: 21_600, token_type: "bearer", created_at: 0 }

const json = JSON.stringify({ decisions: [{ resource: "one", authorized: true }, { resource: "two" }] })

/** The sum of a field over the collections of young objects. */
const sumOf = (lines: ReadonlyArray<string>, field: string) =>
  lines
    .filter((line) => / gc=s /.test(line))
    .reduce((sum, line) => sum + Number(new RegExp(` ${field}=(\\d+)`).exec(line)?.[1] ?? Number.NaN), 0)

interface Garbage {
  /** Bytes of each call. */
  readonly allocated: number
  /** The shares of them that were moved by a collection, and to the old generation. */
  readonly survived: number
  readonly promoted: number
}

const garbageOf = (atATime: number) =>
  Effect.gen(function* () {
    const { url } = yield* adobePass(
      (_, response) => void response.writeHead(200, { "content-type": "application/json" }).end(json),
      {
        "/o/client/token": (response) =>
          void response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(token))
      }
    )
    const worker = yield* start({ args: [url, `${atATime}`] })
    assert.strictEqual(yield* worker.ended, 0)
    const allocated = sumOf(worker.lines, "allocated")
    return {
      allocated: allocated / calls,
      survived: sumOf(worker.lines, "new_space_survived") / allocated,
      promoted: sumOf(worker.lines, "promoted") / allocated
    } satisfies Garbage
  })

describe("a warm call", () => {
  it.scopedLive("allocates 20 KB, and leaves nothing for the old generation", () =>
    Effect.gen(function* () {
      const { allocated, promoted, survived } = yield* garbageOf(1)
      // Otherwise nothing was measured.
      assert.isAbove(allocated, 5000)
      assert.isAtMost(allocated, 22_500)
      // Most of it comes from the first collection, and Node.js 24 makes few.
      assert.isAtMost(survived, 0.03)
      assert.isAtMost(promoted, 0.03)
    })
  )

  it.scopedLive("leaves nothing but what is under way when there are 64 at a time", () =>
    Effect.gen(function* () {
      const { promoted, survived } = yield* garbageOf(64)
      assert.isAtMost(promoted, 0.03)
      assert.isAtMost(survived, 0.08)
    })
  )
})

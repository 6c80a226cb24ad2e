import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { useWorker } from "../support/workers.js"
import { nodeOf, useBackends } from "./fleet.js"

const start = useWorker(new URL("node.ts", import.meta.url))

const emulated = Effect.provide(Emulator.layerServer({ throttle: "off" }))

for (const { describe: describeBackend, kind, place } of useBackends()) {
  describeBackend(`four processes on one store (${kind})`, () => {
    const fourNodes = Effect.gen(function* () {
      const where = yield* place
      const nodes = yield* Effect.all(
        Array.from({ length: 4 }, () => nodeOf(start, where)),
        {
          concurrency: "unbounded"
        }
      )
      yield* Effect.forEach(nodes, ({ says }) => says("ready"))
      return nodes
    })

    /** What all of them said about their calls, added up. */
    const outcomes = (nodes: Effect.Effect.Success<typeof fourNodes>) =>
      Effect.gen(function* () {
        const total: Record<string, number> = {}
        for (const node of nodes) {
          const line = yield* node.says("called")
          const counted: Record<string, number> = JSON.parse(line.slice("called ".length))
          for (const [outcome, count] of Object.entries(counted))
            total[outcome] = (total[outcome] ?? 0) + count
        }
        return total
      })

    it.scopedLive("register a new device once for fifty calls at once in each, and all calls succeed", () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const nodes = yield* fourNodes
        yield* Effect.forEach(nodes, ({ tell }) => tell("call 50 device-1"), { discard: true })
        assert.deepStrictEqual(yield* outcomes(nodes), { "200": 200 })
        const { api, register } = yield* emulator.counts
        assert.deepStrictEqual({ api, register }, { api: 200, register: 1 })
        const events = nodes.flatMap(({ lines }) => lines.filter((line) => line === "event Registered"))
        assert.strictEqual(events.length, 1)
      }).pipe(emulated)
    )

    it.scopedLive("register two hundred new devices once each, whichever process meets them first", () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const nodes = yield* fourNodes
        const devices = Array.from({ length: 200 }, (_, n) => `device-${n}`)
        for (const [n, { tell }] of nodes.entries()) {
          const turned = [...devices.slice(n * 50), ...devices.slice(0, n * 50)]
          yield* tell(`call 1 ${turned.join(" ")}`)
        }
        assert.deepStrictEqual(yield* outcomes(nodes), { "200": 800 })
        assert.strictEqual((yield* emulator.counts).register, 200)
        assert.strictEqual((yield* emulator.clients).length, 200)
      }).pipe(emulated)
    )
  })
}

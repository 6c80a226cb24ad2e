import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { vi } from "vitest"
import * as Narration from "../../packages/examples/src/Narration.js"
import * as Tour from "../../packages/examples/src/Tour.js"

/** Everything that is printed or written while an effect runs. */
const shown = <A, E>(
  options: { readonly live: boolean; readonly colour: boolean },
  effect: Effect.Effect<A, E, Narration.Narration>
) =>
  Effect.gen(function* () {
    let text = ""
    const log = vi.spyOn(console, "log").mockImplementation((line) => {
      text += `${line}\n`
    })
    const write = (part: string) => {
      text += part
    }
    const narration = Narration.make({ ...options, columns: 40, write })
    const value = yield* effect.pipe(
      Effect.provideService(Narration.Narration, narration),
      Effect.ensuring(Effect.sync(() => log.mockRestore()))
    )
    return { text, value }
  })

describe("a tour", () => {
  it.effect("reports the steps that did not do what they say, and goes on after an error", () =>
    Effect.gen(function* () {
      const { text, value } = yield* shown(
        { live: false, colour: false },
        Effect.gen(function* () {
          yield* Tour.step("Holds", Effect.succeed([Tour.exactly(1, "call", 1)]))
          yield* Tour.step(
            "Does not hold",
            Effect.succeed([Tour.exactly(1, "call", 2), Tour.holds("b", true, "")])
          )
          yield* Tour.step("Breaks", Effect.fail({ message: "out of order" }))
          return yield* Tour.summary
        }).pipe(Effect.provide(Layer.merge(Tour.layer, Emulator.layer())))
      )
      expect(value.map(({ failed, title }) => [title, failed])).toEqual([
        ["Does not hold", ["1 call: seen: 2"]],
        ["Breaks", ["the step completes: out of order"]]
      ])
      expect(text).toContain("  ok      1 call\n")
      expect(text).toContain("  FAILED  1 call (seen: 2)\n")
      expect(text).toContain("  FAILED  the step completes (out of order)\n")
      expect(text).toMatch(/3\. Breaks .* FAILED\n/)
    })
  )
})

describe("the narration", () => {
  const everything = Effect.gen(function* () {
    const narration = yield* Narration.Narration
    yield* narration.heading("Heading")
    yield* narration.fact("label", "value")
    yield* Effect.sleep("350 millis").pipe(narration.whileRunning(Effect.succeed("x".repeat(100))))
    yield* narration.verdict("claim", true, "")
  })

  it.live("is plain text without a terminal", () =>
    Effect.gen(function* () {
      const { text } = yield* shown({ live: false, colour: false }, everything)
      expect(text).toBe("\nHeading\n  label             value\n  ok      claim\n")
    })
  )

  it.live("has one live line on a terminal, no wider than it, that is gone afterwards", () =>
    Effect.gen(function* () {
      const { text } = yield* shown({ live: true, colour: false }, everything)
      const lines = text.split("\r\u001b[2K")
      expect(lines.slice(1, -1).every((line) => line === `  ${"x".repeat(37)}`)).toBe(true)
      expect(lines.length).toBeGreaterThan(3)
      expect(lines.at(-1)).toBe("  ok      claim\n")
    })
  )

  it.live("has colour when asked to", () =>
    Effect.gen(function* () {
      const { text } = yield* shown({ live: true, colour: true }, everything)
      expect(text).toContain("\u001b[1mHeading\u001b[22m")
      expect(text).toContain("\u001b[32mok\u001b[39m")
    })
  )
})

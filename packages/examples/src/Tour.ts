/**
 * A tour is a list of steps, each of which shows something and checks it. What the emulator received during a step is
 * the proof: its log is the only source of the numbers.
 *
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { Emulator, type Traffic } from "effect-adobe-pass-emulator"
import { Narration } from "./Narration.js"

/**
 * Something a step says, and whether it is so.
 *
 * @since 0.1.0
 * @category models
 */
export interface Check {
  readonly claim: string
  readonly holds: boolean
  /** What was seen instead. */
  readonly seen: string
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const holds = (claim: string, value: boolean, seen: string): Check => ({ claim, holds: value, seen })

/**
 * `exactly(1, "token request", n)` claims "1 token request".
 *
 * @since 0.1.0
 * @category constructors
 */
export const exactly = (expected: number, what: string, seen: number): Check => ({
  claim: `${expected} ${what}${expected === 1 ? "" : "s"}`,
  holds: seen === expected,
  seen: `seen: ${seen}`
})

/**
 * What one step did to Adobe Pass, and how its checks went.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finished {
  readonly title: string
  readonly counts: Traffic.Counts
  /** The claims that did not hold, with what was seen. */
  readonly failed: ReadonlyArray<string>
}

/**
 * The steps that were taken so far.
 *
 * @since 0.1.0
 * @category tags
 */
export class Tour extends Context.Tag("effect-adobe-pass-examples/Tour")<
  Tour,
  Ref.Ref<ReadonlyArray<Finished>>
>() {}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Tour> = Layer.effect(Tour, Ref.make<ReadonlyArray<Finished>>([]))

/**
 * Takes one step: a heading, whatever the step narrates, its checks, and a line in the summary. A step that fails
 * with an error is a check that does not hold; the tour goes on.
 *
 * @since 0.1.0
 * @category combinators
 */
export const step = <E extends { readonly message: string }, R>(
  title: string,
  run: Effect.Effect<ReadonlyArray<Check>, E, R>
): Effect.Effect<void, never, R | Emulator.Emulator | Narration | Tour> =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    const narration = yield* Narration
    const tour = yield* Tour
    const number = (yield* Ref.get(tour)).length + 1
    yield* narration.heading(`${number}. ${title}`)
    yield* emulator.clearLog
    const checks = yield* Effect.catchAll(run, ({ message }) =>
      Effect.succeed([holds("the step completes", false, message)])
    )
    yield* Effect.forEach(checks, (check) => narration.verdict(check.claim, check.holds, check.seen))
    const counts = yield* emulator.counts
    const failed = checks.filter((check) => !check.holds).map(({ claim, seen }) => `${claim}: ${seen}`)
    yield* Ref.update(tour, (finished) => [...finished, { title, counts, failed }])
  })

const table = (finished: ReadonlyArray<Finished>): string => {
  const columns = ["register", "token", "calls", "429", "result"]
  const width = Math.max(...finished.map(({ title }) => title.length)) + 4
  const row = (title: string, cells: ReadonlyArray<string>) =>
    `  ${title.padEnd(width)}${cells.map((cell, i) => cell.padStart((columns[i]?.length ?? 0) + 2)).join("")}`
  return [
    row("", columns),
    ...finished.map(({ counts, failed, title }, i) =>
      row(`${i + 1}. ${title}`, [
        String(counts.register),
        String(counts.token),
        String(counts.api),
        String(counts.throttled),
        failed.length === 0 ? "ok" : "FAILED"
      ])
    )
  ].join("\n")
}

/**
 * The summary. Returns the steps that did not do what they say.
 *
 * @since 0.1.0
 * @category combinators
 */
export const summary: Effect.Effect<ReadonlyArray<Finished>, never, Narration | Tour> = Effect.gen(
  function* () {
    const narration = yield* Narration
    const finished = yield* Effect.flatMap(Tour, Ref.get)
    yield* narration.heading("What Adobe Pass received, as the emulator's log has it")
    yield* Console.log(table(finished))
    return finished.filter(({ failed }) => failed.length > 0)
  }
)

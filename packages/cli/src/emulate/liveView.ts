/** The requests that an emulator gets, as they come: a table in a terminal, lines elsewhere. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { Counts } from "effect-adobe-pass-emulator/Traffic"
import { type Channel, Output } from "../Output.js"
import { json, row, type Shown } from "./request.js"

/** Requests that wait for a slow reader. What comes when it is full is counted only. */
export const backlog = 10_000

export interface Source {
  readonly requests: Queue.Dequeue<Shown>
  readonly counts: Effect.Effect<Counts>
}

const escape = "\u001b["

/** Bytes, because text loses its control sequences where colours are off. */
const control = (channel: Channel, text: string) => channel.write(Buffer.from(text))

const head = (channel: Channel, columns: number, counts: Counts): ReadonlyArray<string> => {
  const { api, management, other, register, throttled, token } = counts
  const numbers = { register, token, api, management, other, throttled }
  const summary = Object.entries(numbers).map(([name, count]) => `${name} ${count}`)
  const names = `${"time (UTC)".padEnd(12)}  ${"method".padEnd(6)}  ${"status".padEnd(7)}  ${"took".padStart(8)}  path`
  return [
    channel.style("bold", summary.join("   ").slice(0, columns)),
    channel.style("dim", names.slice(0, columns))
  ]
}

/** How many requests fit below the head; a terminal of a few lines shows a few. */
const visible = (): number => Math.max(1, Math.min(12, (process.stdout.rows ?? 24) - 4))

/** A table at the end of the screen that is drawn again when something has happened, ten times a second at most. */
const table = (channel: Channel, { counts, requests }: Source): Effect.Effect<never, never, Scope.Scope> =>
  Effect.gen(function* () {
    yield* Effect.acquireRelease(control(channel, `${escape}?25l`), () => control(channel, `${escape}?25h`))
    let latest: ReadonlyArray<Shown> = []
    let height = 0
    const draw = Effect.gen(function* () {
      // A line that fills the last column may make some terminals begin another one.
      const columns = (yield* channel.columns) - 1
      const lines = [
        ...head(channel, columns, yield* counts),
        ...latest.map((request) => row(channel, columns, request))
      ]
      const back = height === 0 ? "" : `${escape}${height}A`
      height = lines.length
      yield* control(channel, `${back}\r${escape}J${lines.join("\n")}\n`)
    })
    yield* draw
    return yield* Effect.forever(
      Effect.gen(function* () {
        const news = yield* Queue.takeBetween(requests, 1, backlog)
        latest = [...latest, ...Chunk.takeRight(news, visible())].slice(-visible())
        yield* draw
        yield* Effect.sleep("100 millis")
      })
    )
  })

const lines = (
  channel: Channel,
  { requests }: Source,
  line: (request: Shown) => string
): Effect.Effect<never> =>
  Effect.forever(
    Effect.flatMap(Queue.takeBetween(requests, 1, backlog), (news) =>
      channel.write(`${Chunk.toReadonlyArray(news).map(line).join("\n")}\n`)
    )
  )

/** Shows requests until it is interrupted; the terminal is then as it was. */
export const show = (
  format: "view" | "json",
  source: Source
): Effect.Effect<never, never, Output | Scope.Scope> =>
  Effect.flatMap(Output, ({ stdout }) => {
    if (format === "json") return lines(stdout, source, json)
    return stdout.isTerminal
      ? table(stdout, source)
      : lines(stdout, source, (request) => row(stdout, Number.POSITIVE_INFINITY, request))
  })

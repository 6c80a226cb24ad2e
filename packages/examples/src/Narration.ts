/**
 * What the examples say to a person: plain lines, and on a terminal some colour and one live line.
 *
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly heading: (text: string) => Effect.Effect<void>
  readonly note: (text: string) => Effect.Effect<void>
  readonly fact: (label: string, value: string) => Effect.Effect<void>
  /** A claim that was checked: `seen` is shown when it does not hold. */
  readonly verdict: (claim: string, holds: boolean, seen: string) => Effect.Effect<void>
  /** Shows `describe` again and again while an effect runs: on a terminal as one line that changes in place. */
  readonly whileRunning: (
    describe: Effect.Effect<string>
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Narration extends Context.Tag("effect-adobe-pass-examples/Narration")<Narration, Service>() {}

/**
 * Where the narration goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Whether one line can be written again and again. */
  readonly live: boolean
  readonly colour: boolean
  readonly columns: number
  /** Writes text without a line break; only used when `live`. */
  readonly write: (text: string) => void
}

type Style = "bold" | "dim" | "green" | "red"

const codes: Record<Style, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39]
}

const labelWidth = 17
const clearLine = "\r\u001b[2K"

/** Breaks between words, so that each line is indented and no wider than `columns`. */
const wrapped = (text: string, columns: number): string =>
  text.replace(new RegExp(`(.{1,${columns - 2}})(?: |$)`, "g"), "  $1\n").trimEnd()

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ colour, columns, live, write }: Options): Service => {
  const paint = (style: Style, text: string): string =>
    colour ? `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m` : text

  const overwrite = (text: string) => Effect.sync(() => write(clearLine + text))
  const show = (text: string) =>
    live ? overwrite(paint("dim", `  ${text}`.slice(0, columns - 1))) : Console.log(`  ${text}`)
  const pause: Duration.DurationInput = live ? "100 millis" : "2 seconds"

  return {
    heading: (text) => Console.log(`\n${paint("bold", text)}`),
    note: (text) => Console.log(paint("dim", wrapped(text, columns))),
    fact: (label, value) => Console.log(`  ${paint("dim", label.padEnd(labelWidth))} ${value}`),
    verdict: (claim, holds, seen) =>
      Console.log(
        holds ? `  ${paint("green", "ok")}      ${claim}` : `  ${paint("red", "FAILED")}  ${claim} (${seen})`
      ),
    whileRunning: (describe) => (effect) =>
      effect.pipe(
        Effect.raceFirst(
          Effect.forever(Effect.zipRight(Effect.sleep(pause), Effect.flatMap(describe, show)))
        ),
        Effect.ensuring(live ? overwrite("") : Effect.void)
      )
  }
}

/**
 * The narration on standard output. Colour and the live line are for terminals only; `NO_COLOR` turns colour off.
 *
 * @see https://no-color.org
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Narration> = Layer.sync(Narration, () => {
  const { env, stdout } = process
  const live = stdout.isTTY === true && env["TERM"] !== "dumb"
  return make({
    live,
    colour: live && (env["NO_COLOR"] ?? "") === "",
    columns: stdout.columns || 80,
    write: (text) => stdout.write(text)
  })
})

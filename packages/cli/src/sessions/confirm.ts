/** A question to the person at the terminal. */
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CommandFailed, usage } from "../ExitCode.js"
import * as Output from "../Output.js"
import { StandardInput } from "../StandardInput.js"

/** The next line of a stream; `None` when it ends before. */
const nextLine = (input: NodeJS.ReadableStream): Effect.Effect<Option.Option<string>> =>
  Effect.async<Option.Option<string>>((resume) => {
    const lines = createInterface({ input, terminal: false })
    lines.once("line", (line) => resume(Effect.succeedSome(line)))
    lines.once("close", () => resume(Effect.succeedNone))
    return Effect.sync(() => lines.close())
  })

/**
 * Whether the person says yes; the answer to anything else is no. Where nobody can be asked it fails, and says which flag
 * answers in advance.
 */
export const confirm = (
  question: string
): Effect.Effect<boolean, CommandFailed, Output.Output | StandardInput> =>
  Effect.gen(function* () {
    const input = yield* StandardInput
    const { stderr } = yield* Output.Output
    if (!input.isTerminal || !stderr.isTerminal) {
      return yield* usage("There is no terminal to ask on: repeat the command with --yes if this is meant.")
    }
    yield* stderr.write(`${question} [y/N] `)
    const answer = yield* nextLine(yield* input.claim("the answer"))
    if (Option.isNone(answer)) yield* stderr.line("")
    return Option.exists(answer, (text) => /^\s*y(?:es)?\s*$/i.test(text))
  })

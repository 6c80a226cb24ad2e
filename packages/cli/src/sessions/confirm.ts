/** A question to the person at the terminal. */
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import { type CommandFailed, usage } from "../ExitCode.js"
import * as Output from "../Output.js"
import { StandardInput } from "../StandardInput.js"

/** The next line of a stream; undefined when it ends before. */
const nextLine = (input: NodeJS.ReadableStream): Effect.Effect<string | undefined> =>
  Effect.async<string | undefined>((resume) => {
    const lines = createInterface({ input, terminal: false })
    lines.once("line", (line) => resume(Effect.succeed(line)))
    lines.once("close", () => resume(Effect.succeed(undefined)))
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
    if (answer === undefined) yield* stderr.line("")
    return /^\s*y(?:es)?\s*$/i.test(answer ?? "")
  })

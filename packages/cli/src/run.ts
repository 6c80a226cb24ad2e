/** A run of the program in this process: its streams, its signals, and its exit code. */
import { constants } from "node:os"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Cause from "effect/Cause"
import type * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as AdobePassCli from "./AdobePassCli.js"
import { ExitCode } from "./ExitCode.js"
import * as Output from "./Output.js"
import * as Signals from "./Signals.js"
import * as StandardInput from "./StandardInput.js"

type Signal = Effect.Effect.Success<Signals.Signals["next"]>

const signals: ReadonlyArray<Signal> = ["SIGINT", "SIGTERM", "SIGHUP"]

const exitCodeOf = (signal: Signal): number => 128 + constants.signals[signal]

/** The console of the parser: it writes help; what it says of a wrong command line is written by `report`. */
const parserConsole: Effect.Effect<Console.Console, never, Output.Output> = Effect.zipWith(
  Effect.console,
  Output.Output,
  (console, { stdout }) => ({
    ...console,
    log: (...parts: ReadonlyArray<unknown>) => stdout.line(parts.join(" ").trimEnd()),
    error: () => Effect.void
  })
)

/** Logs belong to the person who looks on, not into a result. */
const logger = Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))

/** Waits of the command for a signal. */
const waits = new Set<(signal: Signal) => void>()

const services = Layer.mergeAll(
  NodeContext.layer,
  Output.layer,
  StandardInput.layer,
  logger,
  Layer.succeed(Signals.Signals, {
    next: Effect.async<Signal>((resume) => {
      const wait = (signal: Signal) => resume(Effect.succeed(signal))
      waits.add(wait)
      return Effect.sync(() => waits.delete(wait))
    })
  })
)

/** What a defect says, in one line: a fault of this program, which should be reported. */
const defect = (cause: Cause.Cause<unknown>): string =>
  `adobe-pass has a fault of its own, please report it: ${Cause.pretty(cause).split("\n", 1)[0] ?? ""}`

const program = (argv: ReadonlyArray<string>): Effect.Effect<number> =>
  Effect.flatMap(parserConsole, (console) => Effect.withConsole(AdobePassCli.main(argv), console)).pipe(
    Effect.as<number>(ExitCode.success),
    Effect.catchAll(({ exitCode, message }) =>
      Effect.as(message === "" ? Effect.void : Output.failure(message), exitCode)
    ),
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.failCause(cause)
        : Effect.as(Output.note(defect(cause)), ExitCode.other)
    ),
    Logger.withMinimumLogLevel(LogLevel.Warning),
    Effect.provide(services)
  )

/** A reader that has gone, as `head` does, ends the program; a stream that fails otherwise has no reader, either. */
const endWithReader = (stream: NodeJS.WriteStream) => {
  stream.on("error", () => process.exit(ExitCode.other))
}

/** What no fiber has caught, such as an error of a socket: the program lets go of what it holds, and ends. */
const endWithFault = (fiber: Fiber.RuntimeFiber<number>) => {
  process.once("uncaughtException", (error) => {
    process.exitCode = ExitCode.other
    process.on("uncaughtException", () => process.exit(ExitCode.other))
    process.stderr.write(`${defect(Cause.die(error))}\n`)
    fiber.unsafeInterruptAsFork(fiber.id())
  })
}

/** Runs the program, and ends the process. The second signal ends it at once. */
export const run = async (argv: ReadonlyArray<string>): Promise<void> => {
  endWithReader(process.stdout)
  endWithReader(process.stderr)
  const fiber = Effect.runFork(program(argv))
  endWithFault(fiber)
  let received: Signal | undefined
  for (const signal of signals) {
    process.on(signal, () => {
      if (waits.size > 0) {
        const waiting = Array.from(waits)
        waits.clear()
        for (const wait of waiting) wait(signal)
        return
      }
      if (received !== undefined) process.exit(exitCodeOf(signal))
      received = signal
      fiber.unsafeInterruptAsFork(fiber.id())
    })
  }
  const exit = await Effect.runPromise(Fiber.await(fiber))
  process.exit(
    Exit.match(exit, {
      onSuccess: (code) => code,
      onFailure: () =>
        Option.match(Option.fromNullable(received), { onNone: () => ExitCode.other, onSome: exitCodeOf })
    })
  )
}

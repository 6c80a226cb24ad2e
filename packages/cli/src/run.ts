/** A run of the program in this process: its streams, its signals, and its exit code. */
import { constants } from "node:os"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Cause from "effect/Cause"
import type * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as AdobePassCli from "./AdobePassCli.js"
import { ExitCode } from "./ExitCode.js"
import * as Output from "./Output.js"
import * as Signals from "./Signals.js"
import * as StandardInput from "./StandardInput.js"

const exitCodeOf = (signal: Signals.Signal): number => 128 + constants.signals[signal]

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
const logger = Logger.replace(
  Logger.defaultLogger,
  Logger.withConsoleError(
    Logger.make(({ cause, logLevel, message }) => {
      const parts = Array.isArray(message) ? message : [message]
      const text = parts.map((part) => Inspectable.toStringUnknown(part, 0)).join(" ")
      const failed = Cause.isEmpty(cause) ? "" : `\n${Cause.pretty(cause)}`
      return `adobe-pass: ${logLevel.label.toLowerCase()}: ${Output.printable(text)}${failed}`
    })
  )
)

/** Waits of the command for a signal; each says whether the signal is one that it waits for. */
const waits = new Set<(signal: Signals.Signal) => boolean>()

/** Waits for the next of these signals. */
const nextOf = <A extends Signals.Signal>(wanted: ReadonlyArray<A>): Effect.Effect<A> =>
  Effect.async((resume) => {
    const wait = (signal: Signals.Signal) => {
      const found = wanted.find((one) => one === signal)
      if (found === undefined) return false
      waits.delete(wait)
      resume(Effect.succeed(found))
      return true
    }
    waits.add(wait)
    return Effect.sync(() => waits.delete(wait))
  })

const services = Layer.mergeAll(
  NodeContext.layer,
  Output.layer,
  StandardInput.layer,
  logger,
  Layer.succeed(Signals.Signals, { next: nextOf(Signals.ending), any: nextOf(Signals.all) })
)

/** What a defect says, in one line: a fault of this program, which should be reported. */
const defect = (cause: Cause.Cause<unknown>): string =>
  `adobe-pass has a fault of its own, please report it: ${Cause.pretty(cause).split("\n", 1)[0] ?? ""}`

const program = (argv: ReadonlyArray<string>, isEnding: () => boolean): Effect.Effect<number> =>
  Effect.flatMap(parserConsole, (console) => Effect.withConsole(AdobePassCli.main(argv), console)).pipe(
    Effect.as<number>(ExitCode.success),
    // What breaks because a signal ends the program is no news.
    Effect.catchAll(({ exitCode, message }) =>
      Effect.as(message === "" || isEnding() ? Effect.void : Output.failure(message), exitCode)
    ),
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.failCause(cause)
        : Effect.as(Output.note(defect(cause)), ExitCode.other)
    ),
    Logger.withMinimumLogLevel(LogLevel.Warning),
    Effect.provide(services)
  )

/**
 * A reader of results that has gone, as `head` does, ends the program, which lets go of what it holds. Notes for a
 * person are lost without a reader, and what they tell about goes on.
 */
const endWithReader = (fiber: Fiber.RuntimeFiber<number>) => {
  process.stderr.on("error", () => {})
  process.stdout.on("error", () => {
    process.exitCode = ExitCode.other
    fiber.unsafeInterruptAsFork(fiber.id())
  })
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

/** From here on a signal ends the process by itself, also while it waits in vain for its threads to end. */
const stopListening = () => {
  for (const signal of Signals.all) process.removeAllListeners(signal)
}

/** Ends the process as a signal does: `process.exit` would wait for a thread that reads from a pipe without a writer. */
const endBySignal = (signal: Signals.Signal): never => {
  stopListening()
  if (process.stdin.isTTY) process.stdin.setRawMode(false)
  if (process.platform !== "win32") process.kill(process.pid, signal)
  // The first process of a container is still there.
  process.exit(exitCodeOf(signal))
}

/** Runs the program, and ends the process. The second signal ends it at once. */
export const run = async (argv: ReadonlyArray<string>): Promise<void> => {
  let received: Signals.Signal | undefined
  const fiber = Effect.runFork(program(argv, () => received !== undefined))
  endWithReader(fiber)
  endWithFault(fiber)
  for (const signal of Signals.all) {
    process.on(signal, () => {
      const taken = Array.from(waits).filter((wait) => wait(signal))
      if (taken.length > 0) return
      if (received !== undefined) endBySignal(signal)
      received = signal
      fiber.unsafeInterruptAsFork(fiber.id())
    })
  }
  const exit = await Effect.runPromise(Fiber.await(fiber))
  if (received !== undefined) endBySignal(received)
  stopListening()
  process.exit(
    Exit.match(exit, {
      onSuccess: (code) => (code === ExitCode.success ? process.exitCode : code),
      onFailure: () => ExitCode.other
    })
  )
}

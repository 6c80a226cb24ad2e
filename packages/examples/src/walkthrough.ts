/**
 * The command behind `npm start`: a tour of the whole flow with an emulated Adobe Pass, or the same flow against an
 * environment of your own when `ADOBE_PASS_ENVIRONMENT` and `ADOBE_PASS_SOFTWARE_STATEMENT_FILE` are set.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as EmulatedTour from "./emulatedTour.js"
import * as Narration from "./Narration.js"
import * as OwnEnvironment from "./ownEnvironment.js"

const walkthrough = Effect.if(OwnEnvironment.isAskedFor, {
  onTrue: () => OwnEnvironment.run,
  onFalse: () => EmulatedTour.run
}).pipe(Effect.provide(Layer.merge(Narration.layer, NodeFileSystem.layer)))

/** Ends when nobody reads the output any more, as in `npm start | head -3`. */
const unread = Effect.async<void>((resume) => {
  for (const output of [process.stdout, process.stderr]) {
    // The listeners stay: what is written while the tour cleans up fails as well.
    output.on("error", () => resume(Effect.void))
  }
})

/** 0 when every step did what it says, 130 after Ctrl-C, 1 otherwise. */
const exitCode = (exit: Exit.Exit<unknown, unknown>): number =>
  Exit.isSuccess(exit) ? 0 : Cause.isInterruptedOnly(exit.cause) ? 130 : 1

/** An expected error is one sentence; a defect is a bug and shows where it is. */
const report = <E extends { readonly message: string }>(cause: Cause.Cause<E>): Effect.Effect<void> =>
  Cause.isInterruptedOnly(cause)
    ? Effect.void
    : Console.error(
        `\n${Option.match(Cause.failureOption(cause), {
          onNone: () => Cause.pretty(cause),
          onSome: ({ message }) => message
        })}`
      )

walkthrough.pipe(
  Effect.tapErrorCause(report),
  Effect.raceFirst(unread),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: (exit, onExit) => onExit(exitCode(exit)) })
)

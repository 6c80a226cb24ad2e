/** Runs the doctor: the examination, its report, and how the command ends. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Caller from "../Caller.js"
import { CommandFailed, ExitCode } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"
import type { ApiName } from "./apis.js"
import { examine, exitCodeOf } from "./examination.js"
import * as Report from "./report.js"
import * as Traffic from "./traffic.js"

/** The flags of the command. */
interface Flags extends Settings.Flags, Caller.Flags {
  readonly api: ApiName
  readonly serviceProvider: Option.Option<string>
  readonly register: boolean
  readonly json: boolean
}

export const run = ({ api, json, register, serviceProvider, ...flags }: Flags) =>
  Effect.gen(function* () {
    const reporter = json ? Report.silent : yield* Report.lines
    const found = yield* examine(
      {
        settings: Settings.resolve(flags, Caller.flags(flags)),
        api,
        serviceProvider: Option.getOrUndefined(serviceProvider),
        register,
        traffic: yield* Traffic.make
      },
      reporter
    )
    const exitCode = exitCodeOf(found)
    yield* json ? Output.json(Report.document(found, exitCode)) : Output.line(Report.summary(found))
    // What is wrong has been said.
    if (exitCode !== ExitCode.success) return yield* new CommandFailed({ exitCode, message: "" })
  }).pipe(Effect.scoped)

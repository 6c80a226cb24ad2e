/** The checks in their order, and what they come to. */
import * as Effect from "effect/Effect"
import { CommandFailed, ExitCode } from "../ExitCode.js"
import { call } from "./call.js"
import type { Asked, Check, Facts, Finding, Outcome, Services } from "./check.js"
import { clock } from "./clock.js"
import { configuration } from "./configuration.js"
import { failure, skipped } from "./findings.js"
import { hosts } from "./hosts.js"
import { registration } from "./registration.js"
import { statement } from "./statement.js"
import { store } from "./store.js"
import { throttle } from "./throttle.js"

/** Later checks need what earlier ones have learned. */
export const checks: ReadonlyArray<Check> = [
  configuration,
  statement,
  hosts,
  clock,
  store,
  registration,
  call,
  throttle
]

/** The longest check is a token request that is repeated until its budget is used up. */
const limit = "1 minute"

/** A check, which always has an outcome. */
const outcomeOf = ({ run }: Check, facts: Facts, asked: Asked): Effect.Effect<Outcome, never, Services> =>
  run(facts, asked).pipe(
    Effect.timeoutFail({
      duration: limit,
      onTimeout: () =>
        new CommandFailed({
          exitCode: ExitCode.unavailable,
          message: `This check did not end within ${limit}: check the disk and the network that it uses.`
        })
    }),
    Effect.catchAll((error) =>
      Effect.succeed({
        findings: [error._tag === "Skipped" ? skipped(error.reason) : failure(error)]
      })
    )
  )

/** A finding with the name of its check. */
export type Reported = Finding & { readonly check: string }

/** Told of each check as it begins, and as it ends or is interrupted. */
export interface Reporter<R> {
  readonly begins: (check: string) => Effect.Effect<void, never, R>
  readonly ends: (check: string, findings: ReadonlyArray<Finding>) => Effect.Effect<void, never, R>
  readonly interrupted: (check: string) => Effect.Effect<void, never, R>
}

/** Makes the checks one by one. */
export const examine = <R>(
  asked: Asked,
  { begins, ends, interrupted }: Reporter<R>
): Effect.Effect<ReadonlyArray<Reported>, never, R | Services> =>
  Effect.gen(function* () {
    let facts: Facts = {}
    const reported: Array<Reported> = []
    for (const check of checks) {
      yield* begins(check.name)
      const { findings, learned } = yield* Effect.onInterrupt(outcomeOf(check, facts, asked), () =>
        interrupted(check.name)
      )
      facts = { ...facts, ...learned }
      yield* ends(check.name, findings)
      reported.push(...findings.map((finding) => ({ check: check.name, ...finding })))
    }
    return reported
  })

/** That of the first error, else 1 when there are warnings, else 0. */
export const exitCodeOf = (findings: ReadonlyArray<Finding>): number => {
  for (const finding of findings) if (finding.severity === "error") return finding.exitCode
  return findings.some(({ severity }) => severity === "warning") ? ExitCode.other : ExitCode.success
}

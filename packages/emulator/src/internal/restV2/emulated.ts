/** What the handlers of the contract share: the emulator that they play, its clock, and how they refuse a call. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { EnhancedErrorCode } from "../../EnhancedErrorCode.js"
import type { MvpdOperation } from "../../Script.js"
import { type Answer, enhancedError } from "../answer.js"
import { serverNow } from "../serverClock.js"
import type { State } from "../state.js"

export class Emulated extends Context.Tag("effect-adobe-pass-emulator/Emulated")<Emulated, State>() {}

/** Milliseconds since the epoch by the server's clock. */
export const now: Effect.Effect<number, never, Emulated> = Effect.flatMap(Emulated, ({ settings }) =>
  serverNow(settings)
)

/** A call that is answered with an error. */
export class Refused extends Data.TaggedError("Refused")<{ readonly answer: Answer }> {}

export const refuse = (code: EnhancedErrorCode, details?: string): Refused =>
  new Refused({ answer: enhancedError(code, details) })

/** Fails when a script has made the MVPD fail. */
export const failing = (mvpd: string, operation: MvpdOperation): Effect.Effect<void, Refused, Emulated> =>
  Effect.flatMap(Emulated, ({ restV2: { failures } }) => {
    const code = failures.take(mvpd, operation)
    return code === undefined ? Effect.void : refuse(code)
  })

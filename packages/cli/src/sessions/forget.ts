/** Sessions are forgotten: after a question, because their users must sign in again. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import type { SessionKey } from "effect-adobe-pass/SessionKey"
import * as StoredSessions from "effect-adobe-pass/StoredSessions"
import { CommandFailed, ExitCode, usage } from "../ExitCode.js"
import * as Output from "../Output.js"
import type { StandardInput } from "../StandardInput.js"
import { confirm } from "./confirm.js"
import { look } from "./look.js"
import { age, short, token, unreadable } from "./show.js"

/** What a session is, in a line, for the person who decides; fails when there is none. */
const described = (session: SessionKey, now: number) =>
  Effect.gen(function* () {
    const found = Option.getOrUndefined(yield* look(session))
    if (found === undefined) return yield* usage(`There is no stored session ${short(session)}.`)
    return found._tag === "Unreadable"
      ? `${short(session)}  ${unreadable(found.error)}`
      : `${short(session)}  ${Output.printable(found.environment)}, age ${age(found, now)}, token ${token(found, now)}`
  })

const cost = (count: number): string =>
  count === 1
    ? "The users of this device must sign in again; a process that still uses the session puts it back."
    : "The users of these devices must sign in again; a process that still uses a session puts it back."

/** Forgets sessions, all of which must be there. */
export const forget = (
  sessions: ReadonlyArray<SessionKey>,
  options: { readonly yes: boolean }
): Effect.Effect<
  void,
  CommandFailed | CredentialStoreError,
  CredentialStore | Output.Output | StandardInput
> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const lines = yield* Effect.forEach(sessions, (session) => described(session, now))
    if (!options.yes) {
      for (const line of lines) yield* Output.note(line)
      yield* Output.note(cost(sessions.length))
      const isMeant = yield* confirm(
        sessions.length === 1 ? "Forget this session?" : `Forget these ${sessions.length} sessions?`
      )
      if (!isMeant) {
        return yield* new CommandFailed({ exitCode: ExitCode.other, message: "Nothing was forgotten." })
      }
    }
    for (const session of sessions) {
      yield* StoredSessions.forget(session)
      yield* Output.line(`Forgot ${short(session)}.`)
    }
  })

/** A token for those who keep it: in its refresh window it is renewed first. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { type AccessToken, sameToken } from "effect-adobe-pass/AccessToken"
import type { SessionError } from "effect-adobe-pass/AdobePassError"
import type { Device } from "effect-adobe-pass/Device"
import * as SessionState from "effect-adobe-pass/SessionState"
import { Sessions } from "effect-adobe-pass/Sessions"

/** A token that may be used now, and what kept it from being renewed when it should be. */
export interface Renewed {
  readonly token: AccessToken
  /** When it should be renewed. */
  readonly refreshAt: number
  readonly failure: SessionError | undefined
}

/** The background flight has its own limits; a token that is good now does not wait for all of them. */
const patience = "10 seconds"

/** Waits until the session has another token or a failure: what it looks at is in memory. */
const flightEnds = (sessions: Sessions, device: Device, token: AccessToken) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.map(
      sessions.state(device),
      (state) =>
        SessionState.failureAt(state, now) !== undefined ||
        state.token === undefined ||
        !sameToken(state.token, token)
    )
  ).pipe(Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: (ended) => ended }))

/**
 * A token that may be used now. `Sessions` answers with the current one while a background flight renews it, and the
 * flight would end with a process that writes the token and ends; here the caller waits for it.
 */
export const renewed = (device: Device): Effect.Effect<Renewed, SessionError, Sessions> =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const first = yield* sessions.accessToken(device)
    const { refreshAt } = yield* sessions.state(device)
    if ((yield* Clock.currentTimeMillis) >= refreshAt) {
      yield* Effect.timeoutOption(flightEnds(sessions, device, first), patience)
    }
    const token = yield* sessions.accessToken(device)
    const state = yield* sessions.state(device)
    const failure = SessionState.failureAt(state, yield* Clock.currentTimeMillis)
    return { token, refreshAt: state.refreshAt, failure }
  })

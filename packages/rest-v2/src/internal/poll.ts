/** One poll: when it asks, and what becomes of the answers. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import { CodeExpired, CodeReplaced, Disturbed, Pending, type Progress, SignedIn } from "../PollProgress.js"
import type { Profiles } from "../Profile.js"
import type { RestV2Error } from "../RestV2.js"

/** The longest gap that is chosen here, unless the interval is longer. */
const longestGap = 60_000

/** Half of the gap or more, so that each is longer than the one before. */
const gapAfter = (error: RestV2Error, failures: number, interval: number): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => {
    const grown = Math.min(interval * 2 ** failures, Math.max(interval, longestGap))
    const asked = "retryAfterMillis" in error ? (error.retryAfterMillis ?? 0) : 0
    return Math.max(interval, asked, (grown * (1 + random)) / 2)
  })

interface Poll<R> {
  readonly ask: Effect.Effect<Profiles["profiles"], RestV2Error, R>
  /** Milliseconds from an answer to the next question. */
  readonly interval: number
  /** When the code ends, in milliseconds since the epoch. */
  readonly end: number
}

/** What comes next: a wait, after so many failures in a row. */
interface Next {
  readonly wait: number
  readonly failures: number
}

type Step = readonly [Progress, Option.Option<Next>]

/** Adobe Pass ends a session whose time is not over when the device asks for another one, from this process or another. */
const isReplaced = (error: RestV2Error): boolean =>
  error._tag === "RequestRejected" && error.code === "invalid_authentication_session"

const disturbed = (
  error: RestV2Error,
  failures: number,
  interval: number
): Effect.Effect<Step, RestV2Error | CodeReplaced> => {
  if (isReplaced(error)) return new CodeReplaced()
  return error.retryable
    ? Effect.map(
        gapAfter(error, failures, interval),
        (wait): Step => [new Disturbed({ error }), Option.some({ wait, failures })]
      )
    : Effect.fail(error)
}

const answered = (profiles: Profiles["profiles"], interval: number): Step =>
  Object.keys(profiles).length === 0
    ? [new Pending(), Option.some({ wait: interval, failures: 0 })]
    : [new SignedIn({ profiles }), Option.none()]

const step = <R>(
  { ask, end, interval }: Poll<R>,
  { failures, wait }: Next
): Effect.Effect<Step, RestV2Error | CodeExpired | CodeReplaced, R> =>
  Effect.gen(function* () {
    yield* Effect.sleep(wait)
    if ((yield* Clock.currentTimeMillis) >= end) return yield* new CodeExpired()
    return yield* Effect.matchEffect(ask, {
      onSuccess: (profiles) => Effect.succeed(answered(profiles, interval)),
      onFailure: (error) => disturbed(error, failures + 1, interval)
    })
  })

/** Asks until there is a profile. It does not end by itself between two questions, see `ending`. */
export const polling = <R>(
  poll: Poll<R>
): Stream.Stream<Progress, RestV2Error | CodeExpired | CodeReplaced, R> =>
  Stream.paginateEffect<Next, Progress, RestV2Error | CodeExpired | CodeReplaced, R>(
    { wait: 0, failures: 0 },
    (next) => step(poll, next)
  )

/** Fails when the code ends. */
export const ending = ({ end }: { readonly end: number }): Effect.Effect<never, CodeExpired> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.delay(new CodeExpired(), Math.max(0, end - now)))

/**
 * The poll of a device or second screen for the profile that an authentication session leads to.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import type { CurrentDevice, CurrentInstance } from "effect-adobe-pass/Device"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as Setting from "effect-adobe-pass/Setting"
import type { OfTempPass, OfVisitor } from "./Identity.js"
import { CurrentCodes } from "./internal/currentCodes.js"
import { deviceKey } from "./internal/deviceKey.js"
import { ending, polling } from "./internal/poll.js"
import { type CodeExpired, CodeReplaced, type Progress } from "./PollProgress.js"
import type { Profiles } from "./Profile.js"
import { type OfCode, RestV2, type RestV2Error } from "./RestV2.js"

/**
 * Where the person signs in, which says when a poll may start.
 *
 * `first`: in a browser on this screen. The poll starts when `redirected` completes, an effect of yours that waits until
 * the browser has loaded the redirect URL; the poll fails with its failure. `second`: on another one, which may be at any
 * time, so the poll starts at once.
 *
 * @since 0.1.0
 * @category models
 */
export type Start<E = never, R = never> =
  | { readonly screen: "first"; readonly redirected: Effect.Effect<unknown, E, R> }
  | { readonly screen: "second" }

/**
 * The code of a session, and its end: `notAfter` as the session has it. Leave it out where the clock may be wrong; a
 * poll then ends after `longest`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OfSession extends OfCode, OfVisitor, OfTempPass {
  readonly notAfter?: number | undefined
}

/**
 * Asks for the profile of a code until there is one: the first question comes at the start, the next ones `interval` after
 * each answer.
 *
 * A poll ends with the profile; at the end of the code with `CodeExpired`, whatever it is waiting for then; with
 * `CodeReplaced` when Adobe Pass says that the session has ended; and at once with an error that repeating does not cure. Errors that it may cure, such as 429 and 5xx, make gaps grow, up to a
 * minute or what the server asks for; they are told after the protected client has repeated the call as it repeats all.
 * Interrupting a poll aborts its question.
 *
 * @since 0.1.0
 * @category models
 */
export interface Polls<R> {
  /** What each question led to, `SignedIn` at last. */
  readonly progress: <E = never, R2 = never>(
    parameters: OfSession & Start<E, R2>
  ) => Stream.Stream<Progress, RestV2Error | CodeExpired | CodeReplaced | E, R | R2>
  /** The profile, by its MVPD. */
  readonly profiles: <E = never, R2 = never>(
    parameters: OfSession & Start<E, R2>
  ) => Effect.Effect<Profiles["profiles"], RestV2Error | CodeExpired | CodeReplaced | E, R | R2>
}

/**
 * Polls of streaming devices. A device has one code at a time: the polls of another one for the same device and service
 * provider end with `CodeReplaced` at once when a session is created here, or when a poll for another code starts. What
 * another process does, the next question tells.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProfilePoll extends Polls<CurrentDevice> {
  /** `RestV2.sessions.create`, which first ends the polls for the code that is void then. */
  readonly create: RestV2["sessions"]["create"]
  /** Polls of second screens, which do not describe a device; they do not replace each other. */
  readonly withoutDevice: Polls<CurrentInstance>
}

/**
 * @effect-expect-leaking CurrentDevice CurrentInstance
 * @since 0.1.0
 * @category tags
 */
export const ProfilePoll: Context.Tag<ProfilePoll, ProfilePoll> = Context.GenericTag<ProfilePoll>(
  "effect-adobe-pass-rest-v2/ProfilePoll"
)

/**
 * The pace and the end of polls.
 *
 * @since 0.1.0
 * @category options
 */
export const options = Setting.group(
  {
    /** From an answer to the next question: at least 3 seconds, which Adobe asks for. @default 3 seconds */
    interval: Setting.duration("3 seconds"),
    /** After this time a poll ends in any case. @default 30 minutes */
    longest: Setting.duration("30 minutes")
  },
  { isValid: ({ interval }) => interval >= 3000, problem: "must have an interval of at least 3 seconds" }
)

/**
 * @since 0.1.0
 * @category models
 */
export interface ProfilePollOptions extends Setting.Input<typeof options> {}

/** What ends the polls of a code from outside. */
type Enter<R> = (
  parameters: OfCode
) => Effect.Effect<Effect.Effect<never, CodeReplaced>, never, R | Scope.Scope>

const pollsOf = <R>(
  forCode: (parameters: OfCode) => Effect.Effect<Profiles["profiles"], RestV2Error, R>,
  enter: Enter<R>,
  { interval, longest }: Setting.Checked<typeof options>
): Polls<R> => {
  const progress = <E, R2>(parameters: OfSession & Start<E, R2>) =>
    Stream.unwrapScoped(
      Effect.gen(function* () {
        const { notAfter = Number.POSITIVE_INFINITY } = parameters
        const end = Math.min(notAfter, (yield* Clock.currentTimeMillis) + longest)
        const asked = polling({ ask: forCode(parameters), interval, end })
        const started =
          parameters.screen === "first" ? Stream.unwrap(Effect.as(parameters.redirected, asked)) : asked
        return Stream.interruptWhen(started, Effect.raceFirst(yield* enter(parameters), ending({ end })))
      })
    )
  return {
    progress,
    profiles: (parameters) =>
      Stream.runLast(progress(parameters)).pipe(
        Effect.flatMap((last) =>
          Option.isSome(last) && last.value._tag === "SignedIn"
            ? Effect.succeed(last.value.profiles)
            : Effect.dieMessage("A poll ends with a profile or an error.")
        )
      )
  }
}

/**
 * Polls over `RestV2`; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  input: ProfilePollOptions = {}
): Effect.Effect<ProfilePoll, InvalidInput, RegisteredApplication | RestV2> =>
  Effect.gen(function* () {
    const { profiles, sessions, withoutDevice } = yield* RestV2
    const application = yield* RegisteredApplication
    const checked = yield* options.checkNames(input, "profilePoll")
    const codes = new CurrentCodes(() => new CodeReplaced())
    return {
      ...pollsOf<CurrentDevice>(
        profiles.forCode,
        (parameters) =>
          Effect.flatMap(deviceKey(application, parameters), (key) => codes.enter(key, parameters.code)),
        checked
      ),
      create: (parameters) =>
        Effect.flatMap(deviceKey(application, parameters), (key) =>
          Effect.zipRight(codes.end(key), sessions.create(parameters))
        ),
      withoutDevice: pollsOf<CurrentInstance>(
        withoutDevice.profiles.forCode,
        () => Effect.succeed(Effect.never),
        checked
      )
    }
  })

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ProfileCache, ProfilePoll } from "effect-adobe-pass-rest-v2"
 *
 * // The person types the code on a phone or computer.
 * const signIn = (show: (code: string) => Effect.Effect<void>) =>
 *   Effect.gen(function* () {
 *     const polls = yield* ProfilePoll.ProfilePoll
 *     const { code, notAfter } = yield* polls.create({ serviceProvider: "ACME" })
 *     if (code === undefined) return
 *     yield* show(code)
 *     const profiles = yield* polls.profiles({ serviceProvider: "ACME", code, notAfter, screen: "second" })
 *     yield* Effect.flatMap(ProfileCache.ProfileCache, (cache) =>
 *       cache.keep({ serviceProvider: "ACME", profiles })
 *     )
 *   })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  input?: ProfilePollOptions
): Layer.Layer<ProfilePoll, InvalidInput, RegisteredApplication | RestV2> =>
  Layer.effect(ProfilePoll, make(input))

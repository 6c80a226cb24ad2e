/**
 * Playing: a decision right before each playback, whatever the catalogue showed, and its media token for the player.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Match from "effect/Match"
import type { AdobePassError } from "effect-adobe-pass"
import { type Decision, DecisionRetry, ProfileCache } from "effect-adobe-pass-rest-v2"

const serviceProvider = "ACME"

/**
 * The person may not play this now. `mustSignIn` says whether signing in again can change that.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotEntitled extends Data.TaggedError("NotEntitled")<{
  readonly mustSignIn: boolean
  readonly message: string
}> {}

const refused = (error: AdobePassError.CallRefused): NotEntitled =>
  new NotEntitled({
    mustSignIn: error._tag === "AuthenticationRequired",
    message: error.details ?? error.serverMessage ?? error.message
  })

/**
 * The media token to hand out to the player, which is good for one play request; it is neither kept nor read here. A
 * degraded MVPD permits without one.
 *
 * @since 0.1.0
 * @category programs
 */
export const play = (
  mvpd: string,
  resource: string
): Effect.Effect<
  Decision.MediaToken | undefined,
  NotEntitled | Effect.Effect.Error<ReturnType<typeof DecisionRetry.authorize>>,
  Effect.Effect.Context<ReturnType<typeof DecisionRetry.authorize>> | ProfileCache.ProfileCache
> =>
  Effect.gen(function* () {
    const { watch } = yield* ProfileCache.ProfileCache
    const [decision] = yield* DecisionRetry.authorize({ serviceProvider, mvpd, resources: [resource] }).pipe(
      watch({ serviceProvider, mvpd })
    )
    if (decision === undefined) return undefined
    return yield* Match.valueTags(decision, {
      AuthorizationPermit: ({ token }) => Effect.succeed(token),
      AuthorizationDenial: ({ error }) => refused(error)
    })
  }).pipe(Effect.catchTag("AuthenticationRequired", (error) => refused(error)))

/**
 * Decisions that are asked for again where Adobe Pass says that it may help, and nowhere else.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { CurrentDevice } from "effect-adobe-pass/Device"
import type { Authorization } from "./Authorization.js"
import type { OfAnyone } from "./Identity.js"
import { deciding } from "./internal/deciding.js"
import type { Preauthorization } from "./Preauthorization.js"
import { type OfMvpd, type OfResources, RestV2, type RestV2Error } from "./RestV2.js"

type Decide<A> = (
  parameters: OfMvpd & OfResources & OfAnyone
) => Effect.Effect<ReadonlyArray<A>, RestV2Error, RestV2 | CurrentDevice>

/**
 * `RestV2.decisions.authorize`, then again for the resources alone that were denied with `action: retry`: 3 times at
 * most, after pauses that grow, with jitter. What is denied with `TemporaryFailure` in the end was asked for 4 times.
 *
 * Call it right before each playback, whatever was preauthorized: nothing is kept, neither decisions nor media tokens, and
 * nothing is asked for afterwards. A stream goes on when its media token ends.
 *
 * The results are in the order of `resources`, which are compared without the blanks around them. A call that fails as a
 * whole was repeated by the protected client already and fails here; so does an answer without a decision on each
 * resource, as `UnexpectedResponse`.
 *
 * @example
 * ```ts
 * import { Effect, Match } from "effect"
 * import { DecisionRetry } from "effect-adobe-pass-rest-v2"
 *
 * const play = Effect.gen(function* () {
 *   const [decision] = yield* DecisionRetry.authorize({
 *     serviceProvider: "ACME",
 *     mvpd: "NorthCable",
 *     resources: ["acme-live"]
 *   })
 *   if (decision === undefined) return "nothing was asked for"
 *   return Match.value(decision).pipe(
 *     Match.tag("AuthorizationPermit", ({ token }) => (token === undefined ? "without a token" : "with a token")),
 *     Match.tag("AuthorizationDenial", ({ error }) => error.details ?? error.message),
 *     Match.exhaustive
 *   )
 * })
 * ```
 *
 * @since 0.1.0
 * @category decisions
 */
export const authorize: Decide<Authorization> = ({ resources, ...parameters }) =>
  Effect.flatMap(RestV2, ({ decisions }) =>
    deciding(resources, (open) => decisions.authorize({ ...parameters, resources: open }))
  )

/**
 * The same for `RestV2.decisions.preauthorize`, in one call. `PreauthorizationCache` also splits long lists, and keeps
 * permits.
 *
 * @since 0.1.0
 * @category decisions
 */
export const preauthorize: Decide<Preauthorization> = ({ resources, ...parameters }) =>
  Effect.flatMap(RestV2, ({ decisions }) =>
    deciding(resources, (open) => decisions.preauthorize({ ...parameters, resources: open }))
  )

/**
 * What a client keeps of a profile, and which of several it goes on with.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"
import { Attribute, type Profiles } from "./Profile.js"

/**
 * A profile as a client keeps it: with which MVPD, what the MVPD says about the person, and until when, in milliseconds
 * since the epoch.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownProfile = Schema.Struct({
  mvpd: Schema.String,
  attributes: Schema.Record({ key: Schema.String, value: Attribute }),
  notAfter: Schema.Number
})

/**
 * @since 0.1.0
 * @category models
 */
export interface KnownProfile extends Schema.Schema.Type<typeof KnownProfile> {}

/**
 * What to keep of the answer to a call for profiles.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromProfiles = (profiles: Profiles["profiles"]): ReadonlyArray<KnownProfile> =>
  Object.entries(profiles).map(([mvpd, { attributes, notAfter }]) => ({ mvpd, attributes, notAfter }))

const byEnd = Order.mapInput(Order.number, ({ notAfter }: KnownProfile) => notAfter)

/**
 * The profile to go on with: that of the MVPD of your choice where there is one, and else the one that is valid for
 * longest. The first of those that end at the same time.
 *
 * @example
 * ```ts
 * import { Effect, Option } from "effect"
 * import { KnownProfile, RestV2 } from "effect-adobe-pass-rest-v2"
 *
 * const mvpd = Effect.gen(function* () {
 *   const { profiles } = yield* RestV2.RestV2
 *   const found = KnownProfile.fromProfiles(yield* profiles.all({ serviceProvider: "ACME" }))
 *   return Option.map(KnownProfile.select(found), ({ mvpd }) => mvpd)
 * })
 * ```
 *
 * @since 0.1.0
 * @category selection
 */
export const select = (
  profiles: ReadonlyArray<KnownProfile>,
  options: { readonly mvpd?: string | undefined } = {}
): Option.Option<KnownProfile> =>
  Arr.findFirst(profiles, ({ mvpd }) => mvpd === options.mvpd).pipe(
    Option.orElse(() =>
      Arr.isNonEmptyReadonlyArray(profiles) ? Option.some(Arr.max(profiles, byEnd)) : Option.none()
    )
  )

/**
 * Profiles in the `KeyValueStore` of the program, until they end.
 *
 * @since 0.1.0
 */
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { CurrentDevice } from "effect-adobe-pass/Device"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import type { Authorization } from "./Authorization.js"
import type { OfVisitor } from "./Identity.js"
import { deviceKey } from "./internal/deviceKey.js"
import { endsProfile } from "./internal/endsProfile.js"
import * as ProfileRecords from "./internal/profileRecords.js"
import type { KeyValueStoreError } from "./KeyValueStoreError.js"
import { fromProfiles, type KnownProfile } from "./KnownProfile.js"
import type { Preauthorization } from "./Preauthorization.js"
import type { Profiles } from "./Profile.js"
import { type OfMvpd, type OfProvider, RestV2, type RestV2Error } from "./RestV2.js"

/**
 * The profiles of a device at a service provider: the MVPD, the attributes and `notAfter` of each are kept, and nothing
 * else, under keys that show nothing of the device. Attributes describe a person: where the store is not safe, give a
 * `KeyValueStore` that encrypts.
 *
 * A profile counts until its `notAfter`, on Effect's clock. Profiles that a token of single sign-on, a partner or a
 * TempPass identity stands for are not for every caller of a device, so none of these can be said here: ask for such
 * profiles with `RestV2`.
 *
 * Adobe Pass has the truth, so a store that fails does not fail a question: it is asked of Adobe Pass, and the log warns.
 * What has to be dropped or kept, and is not, is a `KeyValueStoreError`. A record that cannot be decoded counts as absent.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProfileCache {
  /** The profile with an MVPD: the one that is kept, or that of Adobe Pass, which is then kept. */
  readonly forMvpd: (
    parameters: OfMvpd & OfVisitor
  ) => Effect.Effect<Option.Option<KnownProfile>, RestV2Error, CurrentDevice>
  /** All profiles: those that are kept, or those of Adobe Pass when none is. See `KnownProfile.select`. */
  readonly all: (
    parameters: OfProvider & OfVisitor
  ) => Effect.Effect<ReadonlyArray<KnownProfile>, RestV2Error, CurrentDevice>
  /** The profile with an MVPD as Adobe Pass has it now. Some MVPDs change its attributes when they authorize. */
  readonly refresh: (
    parameters: OfMvpd & OfVisitor
  ) => Effect.Effect<Option.Option<KnownProfile>, RestV2Error, CurrentDevice>
  /** Keeps profiles that came otherwise, such as from a poll. */
  readonly keep: (parameters: OfProvider & Profiles) => Effect.Effect<void, KeyValueStoreError, CurrentDevice>
  /** Drops the profile with an MVPD, or all of them. */
  readonly drop: (
    parameters: OfProvider & { readonly mvpd?: string | undefined }
  ) => Effect.Effect<void, KeyValueStoreError, CurrentDevice>
  /**
   * Drops the profile with an MVPD when a call for decisions says that it is missing, expired or invalidated: as an error,
   * or in a denial. The result is that of the call.
   */
  readonly watch: (
    parameters: OfMvpd
  ) => <A extends Authorization | Preauthorization, E extends { readonly _tag: string }, R>(
    decisions: Effect.Effect<ReadonlyArray<A>, E, R>
  ) => Effect.Effect<ReadonlyArray<A>, E, R | CurrentDevice>
}

/**
 * @effect-expect-leaking CurrentDevice
 * @since 0.1.0
 * @category tags
 */
export const ProfileCache: Context.Tag<ProfileCache, ProfileCache> = Context.GenericTag<ProfileCache>(
  "effect-adobe-pass-rest-v2/ProfileCache"
)

const others = (mvpd: string | undefined) => (known: ReadonlyArray<KnownProfile>) =>
  mvpd === undefined ? [] : known.filter((profile) => profile.mvpd !== mvpd)

/** `found` in place of what was known of their MVPDs. */
const including = (found: ReadonlyArray<KnownProfile>) => (known: ReadonlyArray<KnownProfile>) => [
  ...known.filter(({ mvpd }) => !found.some((profile) => profile.mvpd === mvpd)),
  ...found
]

const ofMvpd = (known: ReadonlyArray<KnownProfile>, mvpd: string) =>
  Arr.findFirst(known, (profile) => profile.mvpd === mvpd)

/** For what a caller can do without. */
const warned = (use: Effect.Effect<void, KeyValueStoreError>) =>
  Effect.catchAll(use, ({ message }) => Effect.logWarning(message))

/**
 * A cache over `RestV2`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<
  ProfileCache,
  never,
  KeyValueStore.KeyValueStore | RegisteredApplication | RestV2
> = Effect.gen(function* () {
  const { profiles } = yield* RestV2
  const application = yield* RegisteredApplication
  const records = ProfileRecords.make(yield* KeyValueStore.KeyValueStore)
  const keyOf = (parameters: OfProvider) => deviceKey(application, parameters)

  /** What is kept and not over yet. */
  const kept = (key: string) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const known = yield* Effect.catchAll(records.get(key), ({ message }) =>
        Effect.as(Effect.logWarning(message), [])
      )
      return known.filter(({ notAfter }) => now < notAfter)
    })

  const learn = (
    key: string,
    question: Effect.Effect<Profiles["profiles"], RestV2Error, CurrentDevice>,
    /** What is known beside the answer. */
    rest: (known: ReadonlyArray<KnownProfile>) => ReadonlyArray<KnownProfile>
  ) =>
    Effect.gen(function* () {
      const [found, update] = yield* records.learn(
        key,
        Effect.map(question, fromProfiles),
        (found) => (known) => including(found)(rest(known))
      )
      yield* warned(update)
      return found
    })

  const dropIfOver = ({ mvpd, ...parameters }: OfMvpd, error: Parameters<typeof endsProfile>[0]) =>
    endsProfile(error)
      ? Effect.flatMap(keyOf(parameters), (key) => warned(records.drop(key, others(mvpd))))
      : Effect.void

  const refresh: ProfileCache["refresh"] = ({ mvpd, serviceProvider, visitorId }) =>
    Effect.gen(function* () {
      const key = yield* keyOf({ serviceProvider })
      const question = profiles.forMvpd({ serviceProvider, mvpd, visitorId })
      return ofMvpd(yield* learn(key, question, others(mvpd)), mvpd)
    }).pipe(Effect.tapError((error) => dropIfOver({ serviceProvider, mvpd }, error)))

  return {
    refresh,
    forMvpd: (parameters) =>
      Effect.gen(function* () {
        const found = ofMvpd(yield* kept(yield* keyOf(parameters)), parameters.mvpd)
        return Option.isSome(found) ? found : yield* refresh(parameters)
      }),
    all: ({ serviceProvider, visitorId }) =>
      Effect.gen(function* () {
        const key = yield* keyOf({ serviceProvider })
        const found = yield* kept(key)
        if (found.length > 0) return found
        return yield* learn(key, profiles.all({ serviceProvider, visitorId }), others(undefined))
      }),
    keep: ({ profiles, ...parameters }) =>
      Effect.flatMap(keyOf(parameters), (key) => records.update(key, including(fromProfiles(profiles)))),
    drop: ({ mvpd, ...parameters }) =>
      Effect.flatMap(keyOf(parameters), (key) => records.drop(key, others(mvpd))),
    watch: (parameters) => (decisions) =>
      Effect.tapBoth(decisions, {
        onFailure: (error) => dropIfOver(parameters, error),
        onSuccess: (decided) =>
          Effect.forEach(
            decided.flatMap((decision) => ("error" in decision ? [decision.error] : [])),
            (error) => dropIfOver(parameters, error),
            { discard: true }
          )
      })
  }
})

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { Effect, Option } from "effect"
 * import { KnownProfile, ProfileCache } from "effect-adobe-pass-rest-v2"
 *
 * const isSignedIn = Effect.gen(function* () {
 *   const cache = yield* ProfileCache.ProfileCache
 *   const profiles = yield* cache.all({ serviceProvider: "ACME" })
 *   return Option.isSome(KnownProfile.select(profiles))
 * })
 *
 * const program = Effect.provide(isSignedIn, ProfileCache.layer)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  ProfileCache,
  never,
  KeyValueStore.KeyValueStore | RegisteredApplication | RestV2
> = Layer.effect(ProfileCache, make)

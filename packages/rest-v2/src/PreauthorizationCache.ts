/**
 * Permits to show resources of a catalogue, in memory.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import type { CurrentDevice } from "effect-adobe-pass/Device"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as Setting from "effect-adobe-pass/Setting"
import type { OfAnyone } from "./Identity.js"
import { deciding } from "./internal/deciding.js"
import { deviceKey } from "./internal/deviceKey.js"
import { endsProfile } from "./internal/endsProfile.js"
import { Permits } from "./internal/permits.js"
import { RecentlyUsed } from "./internal/recentlyUsed.js"
import type { Preauthorization } from "./Preauthorization.js"
import { type OfMvpd, type OfResources, RestV2, type RestV2Error } from "./RestV2.js"

/**
 * Decides which resources of a catalogue to show; before one is played, it is authorized all the same.
 *
 * @since 0.1.0
 * @category models
 */
export interface PreauthorizationCache {
  /**
   * The decisions in the order of `resources`, which are compared without the blanks around them.
   *
   * A permit is kept for the device, the service provider and the MVPD, and for whoever the tokens of the call stand for:
   * until `notAfter`, the end of the profile, if it is given, and not longer than `timeToLive`. Denials are not kept.
   * Everything else is asked for in lists of `listLength`, of which `concurrency` are under way at a time; then again, 3
   * times at most, where an error says `retry` (see `DecisionRetry`). When a list fails, the call does, and permits that
   * came before are kept: a list that is longer than the MVPD accepts fails with `ConfigurationRequired`.
   */
  readonly preauthorize: (
    parameters: OfMvpd & OfResources & OfAnyone & { readonly notAfter?: number | undefined }
  ) => Effect.Effect<ReadonlyArray<Preauthorization>, RestV2Error, CurrentDevice>
  /**
   * Drops the permits with an MVPD, those that are under way included. That happens by itself when a decision says that
   * the profile is missing, expired or invalidated.
   */
  readonly drop: (parameters: OfMvpd) => Effect.Effect<void, never, CurrentDevice>
}

/**
 * @effect-expect-leaking CurrentDevice
 * @since 0.1.0
 * @category tags
 */
export const PreauthorizationCache: Context.Tag<PreauthorizationCache, PreauthorizationCache> =
  Context.GenericTag<PreauthorizationCache>("effect-adobe-pass-rest-v2/PreauthorizationCache")

/**
 * How resources are asked for, and how many permits are kept.
 *
 * @since 0.1.0
 * @category options
 */
export const options = Setting.group({
  /** Resources of one question: what the MVPD accepts at a time, which is 5 in most cases. @default 5 */
  listLength: Setting.integer({ minimum: 1, default: 5 }),
  /** Questions of one call that are under way at a time. @default 3 */
  concurrency: Setting.integer({ minimum: 1, default: 3 }),
  /** How long a permit is kept when nothing ends it. @default 1 day */
  timeToLive: Setting.duration("1 day"),
  /** Devices with an MVPD in memory, beyond which those that were not used for long go. @default 10_000 */
  capacity: Setting.integer({ minimum: 1, default: 10_000 }),
  /** Permits of one device with an MVPD, in the same way. @default 1_000 */
  permits: Setting.integer({ minimum: 1, default: 1_000 })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface PreauthorizationCacheOptions extends Setting.Input<typeof options> {}

type Keep = (decided: ReadonlyArray<Preauthorization>) => Effect.Effect<void>

const saysOver = (decision: Preauthorization): boolean =>
  decision._tag === "PreauthorizationDenial" && endsProfile(decision.error)

/**
 * A cache over `RestV2`; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  input: PreauthorizationCacheOptions = {}
): Effect.Effect<PreauthorizationCache, InvalidInput, RegisteredApplication | RestV2> =>
  Effect.gen(function* () {
    const { decisions } = yield* RestV2
    const application = yield* RegisteredApplication
    const {
      capacity,
      concurrency,
      listLength,
      permits: maximum,
      timeToLive
    } = yield* options.checkNames(input, "preauthorizationCache")
    const devices = new RecentlyUsed<Permits>(capacity)
    const keyOf = (parameters: OfMvpd) =>
      Effect.map(deviceKey(application, parameters), (key) => JSON.stringify([key, parameters.mvpd]))

    const askInLists = (parameters: OfMvpd & OfAnyone, resources: ReadonlyArray<string>, keep: Keep) =>
      Effect.forEach(
        Arr.chunksOf(resources, listLength),
        (list) => Effect.tap(decisions.preauthorize({ ...parameters, resources: list }), keep),
        { concurrency }
      ).pipe(Effect.map(Arr.flatten))

    return {
      drop: (parameters) => Effect.map(keyOf(parameters), (key) => devices.delete(key)),
      preauthorize: ({ notAfter = Number.POSITIVE_INFINITY, resources, ...parameters }) =>
        Effect.gen(function* () {
          const key = yield* keyOf(parameters)
          // Permits that arrive after they were dropped are kept where nobody finds them any more.
          const permits = devices.getOrMake(key, () => new Permits(maximum))
          const ofPerson = permits.of(parameters)
          const keep = (decided: ReadonlyArray<Preauthorization>) =>
            Effect.map(Clock.currentTimeMillis, (now) =>
              ofPerson.add(decided, { since: now, until: Math.min(notAfter, now + timeToLive) })
            )
          const ask = (open: ReadonlyArray<string>) =>
            Effect.gen(function* () {
              const [others, kept] = ofPerson.split(open, yield* Clock.currentTimeMillis)
              return [...kept, ...(yield* askInLists(parameters, others, keep))]
            })
          const dropIf = (over: boolean) => Effect.sync(() => over && devices.delete(key))
          return yield* Effect.tapBoth(deciding(resources, ask), {
            onFailure: (error) => dropIf(endsProfile(error)),
            onSuccess: (decided) => dropIf(decided.some(saysOver))
          })
        })
    }
  })

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { PreauthorizationCache } from "effect-adobe-pass-rest-v2"
 *
 * const shown = (catalogue: ReadonlyArray<string>) =>
 *   Effect.gen(function* () {
 *     const cache = yield* PreauthorizationCache.PreauthorizationCache
 *     const decisions = yield* cache.preauthorize({
 *       serviceProvider: "ACME",
 *       mvpd: "NorthCable",
 *       resources: catalogue
 *     })
 *     return catalogue.filter((_, n) => decisions[n]?._tag === "PreauthorizationPermit")
 *   })
 *
 * const program = Effect.provide(shown(["acme-live", "acme-plus"]), PreauthorizationCache.layer())
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  input?: PreauthorizationCacheOptions
): Layer.Layer<PreauthorizationCache, InvalidInput, RegisteredApplication | RestV2> =>
  Layer.effect(PreauthorizationCache, make(input))

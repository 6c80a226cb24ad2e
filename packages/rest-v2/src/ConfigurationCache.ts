/**
 * Configurations in memory, for a few minutes.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import { CurrentDevice, type CurrentInstance } from "effect-adobe-pass/Device"
import * as Setting from "effect-adobe-pass/Setting"
import type { Configuration } from "./Configuration.js"
import { platformOf } from "./internal/platform.js"
import * as SharedLookups from "./internal/sharedLookups.js"
import { type OfProvider, RestV2, type RestV2Error } from "./RestV2.js"

/**
 * What the configurations of one caller are asked for and dropped with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Configurations<R> {
  /** The configuration in memory, or that of Adobe Pass. */
  readonly retrieve: (parameters: OfProvider) => Effect.Effect<Configuration, RestV2Error, R>
  /** Drops the configuration in memory; who is waiting for one still gets it. */
  readonly invalidate: (parameters: OfProvider) => Effect.Effect<void, never, R>
}

/**
 * The configuration of a service provider, kept for all devices of a platform, since it is the same for them.
 *
 * Ask for it when a person has to choose an MVPD, and at no other time: nothing here asks by itself. However many callers
 * wait for a configuration, it is asked for once, for the device of the first of them; interrupting a caller interrupts
 * nothing else. When that fails, which may be about that device, it is asked for once more, for another one of those who
 * wait; a second failure reaches them all. Failures are not kept.
 *
 * The platform is what `X-Device-Info` and `User-Agent` say of it: neither the identifier and address of a device nor its
 * connection, its screen or the versions of its software.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigurationCache extends Configurations<CurrentDevice> {
  /** For second screens, whose calls do not describe a device: they share one configuration of a service provider. */
  readonly withoutDevice: Configurations<CurrentInstance>
}

/**
 * @effect-expect-leaking CurrentDevice CurrentInstance
 * @since 0.1.0
 * @category tags
 */
export const ConfigurationCache: Context.Tag<ConfigurationCache, ConfigurationCache> =
  Context.GenericTag<ConfigurationCache>("effect-adobe-pass-rest-v2/ConfigurationCache")

const shortest = 2 * 60_000

/**
 * How long configurations are kept, and how many.
 *
 * @since 0.1.0
 * @category options
 */
export const options = Setting.group(
  {
    /** From 2 to 5 minutes: Adobe asks for a value in this range. @default 3 minutes */
    timeToLive: Setting.duration("3 minutes", { maximum: "5 minutes" }),
    /** Configurations in memory, beyond which those that were not used for long go. @default 1_000 */
    capacity: Setting.integer({ minimum: 1, default: 1_000 })
  },
  {
    isValid: ({ timeToLive }) => timeToLive >= shortest,
    problem: "must have a timeToLive of at least 2 minutes"
  }
)

/**
 * @since 0.1.0
 * @category models
 */
export interface ConfigurationCacheOptions extends Setting.Input<typeof options> {}

/**
 * A cache over `RestV2`; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  input: ConfigurationCacheOptions = {}
): Effect.Effect<ConfigurationCache, InvalidInput, RestV2 | Scope.Scope> =>
  Effect.gen(function* () {
    const calls = yield* RestV2
    const checked = yield* options.checkNames(input, "configurationCache")
    const lookups = yield* SharedLookups.make<Configuration, RestV2Error>(checked)
    const keyFor = (serviceProvider: string, platform: string) => JSON.stringify([serviceProvider, platform])
    const ofDevice = ({ serviceProvider }: OfProvider) =>
      Effect.map(CurrentDevice, (device) => keyFor(serviceProvider, platformOf(device)))
    const ofNone = ({ serviceProvider }: OfProvider) => keyFor(serviceProvider, "none")
    return {
      retrieve: (parameters) =>
        Effect.flatMap(ofDevice(parameters), (key) =>
          lookups.get(key, calls.configuration.retrieve(parameters))
        ),
      invalidate: (parameters) => Effect.flatMap(ofDevice(parameters), lookups.invalidate),
      withoutDevice: {
        retrieve: (parameters) =>
          lookups.get(ofNone(parameters), calls.withoutDevice.configuration.retrieve(parameters)),
        invalidate: (parameters) => lookups.invalidate(ofNone(parameters))
      }
    }
  })

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Configuration, ConfigurationCache } from "effect-adobe-pass-rest-v2"
 *
 * const picker = Effect.gen(function* () {
 *   const cache = yield* ConfigurationCache.ConfigurationCache
 *   const configuration = yield* cache.retrieve({ serviceProvider: "ACME" })
 *   return Configuration.selectable(configuration).map(({ displayName, logoUrl }) => ({ displayName, logoUrl }))
 * })
 *
 * const program = Effect.provide(picker, ConfigurationCache.layer({ timeToLive: "2 minutes" }))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  input?: ConfigurationCacheOptions
): Layer.Layer<ConfigurationCache, InvalidInput, RestV2> => Layer.scoped(ConfigurationCache, make(input))

/**
 * The MVPD that a person has chosen, remembered in the `KeyValueStore` of the program.
 *
 * @since 0.1.0
 */
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { CurrentDevice } from "effect-adobe-pass/Device"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import { deviceKey } from "./internal/deviceKey.js"
import * as Records from "./internal/records.js"
import type { KeyValueStoreError } from "./KeyValueStoreError.js"
import type { OfProvider } from "./RestV2.js"

/**
 * What is remembered of an MVPD: enough to name it and to show it, without asking for the configuration.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ChosenMvpd = Schema.Struct({
  id: Schema.String,
  displayName: Schema.String,
  logoUrl: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ChosenMvpd extends Schema.Schema.Type<typeof ChosenMvpd> {}

/**
 * The choice of the person at a device, for each service provider.
 *
 * It outlives profiles and restarts, until another MVPD is chosen or it is forgotten. Keys in the store are hashes that
 * show nothing of the device. A record that cannot be decoded counts as absent, with a warning in the log.
 *
 * @since 0.1.0
 * @category models
 */
export interface MvpdChoice {
  readonly get: (
    parameters: OfProvider
  ) => Effect.Effect<Option.Option<ChosenMvpd>, KeyValueStoreError, CurrentDevice>
  /** Remembers an MVPD, such as one of a configuration, in place of the one before. */
  readonly set: (
    parameters: OfProvider & { readonly mvpd: ChosenMvpd }
  ) => Effect.Effect<void, KeyValueStoreError, CurrentDevice>
  readonly forget: (parameters: OfProvider) => Effect.Effect<void, KeyValueStoreError, CurrentDevice>
}

/**
 * @effect-expect-leaking CurrentDevice
 * @since 0.1.0
 * @category tags
 */
export const MvpdChoice: Context.Tag<MvpdChoice, MvpdChoice> = Context.GenericTag<MvpdChoice>(
  "effect-adobe-pass-rest-v2/MvpdChoice"
)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<MvpdChoice, never, KeyValueStore.KeyValueStore | RegisteredApplication> =
  Effect.gen(function* () {
    const application = yield* RegisteredApplication
    const records = Records.make(yield* KeyValueStore.KeyValueStore, "MVPD choice", ChosenMvpd)
    return {
      get: (parameters) => Effect.flatMap(deviceKey(application, parameters), records.get),
      set: ({ mvpd: { displayName, id, logoUrl }, ...parameters }) =>
        Effect.flatMap(deviceKey(application, parameters), (key) =>
          records.set(key, { id, displayName, logoUrl })
        ),
      forget: (parameters) => Effect.flatMap(deviceKey(application, parameters), records.remove)
    }
  })

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { Effect, Option } from "effect"
 * import { MvpdChoice } from "effect-adobe-pass-rest-v2"
 *
 * // The picker is shown, and the configuration asked for, only when nobody has chosen yet.
 * const needsPicker = Effect.gen(function* () {
 *   const choice = yield* MvpdChoice.MvpdChoice
 *   return Option.isNone(yield* choice.get({ serviceProvider: "ACME" }))
 * })
 *
 * const program = Effect.provide(needsPicker, MvpdChoice.layer)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<MvpdChoice, never, KeyValueStore.KeyValueStore | RegisteredApplication> =
  Layer.effect(MvpdChoice, make)

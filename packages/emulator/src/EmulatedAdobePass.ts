/**
 * The library over an emulator in process, for tests of programs that use it. It is not in the index, because a test of
 * another client does not need it.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as Device from "effect-adobe-pass/Device"
import * as Environment from "effect-adobe-pass/Environment"
import * as RestV2 from "effect-adobe-pass-rest-v2/RestV2"
import * as Emulator from "./Emulator.js"

/**
 * What a test may change: the options of the library but its environment, of the emulator, and the device.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<Partial<AdobePass.AdobePassOptions>, "environment"> {
  readonly emulator?: Emulator.Options
  /** Default: a device with an address of its own. A test of many devices provides `CurrentDevice` for each call. */
  readonly device?: Device.Device
}

const exampleDevice = Device.make({
  id: "device-1",
  ip: "203.0.113.7",
  info: { model: "AFTM", version: "1", osName: "Android", osVersion: "9", connectionType: "WiFi" }
})

/**
 * Everything that a program under test requires: the services of the library with `RestV2`, a store in memory, a
 * `CurrentDevice`, and the `Emulator` that they talk to.
 *
 * All time is Effect's `Clock`. Under a test clock, a call that has to be repeated waits until the test adjusts it.
 * Each layer is a separate Adobe Pass with an empty store. Fails with `InvalidInput` when an option cannot be used.
 *
 * @example
 * ```ts
 * import { it } from "@effect/vitest"
 * import { Effect } from "effect"
 * import { Emulator } from "effect-adobe-pass-emulator"
 * import { RestV2 } from "effect-adobe-pass-rest-v2"
 * import * as EmulatedAdobePass from "effect-adobe-pass-emulator/EmulatedAdobePass"
 *
 * it.effect("registers the device before its first call", () =>
 *   Effect.gen(function* () {
 *     const { configuration } = yield* RestV2.RestV2
 *     yield* configuration.retrieve({ serviceProvider: "ACME" })
 *     const { counts } = yield* Emulator.Emulator
 *     return yield* counts // register: 1, token: 1, api: 1
 *   }).pipe(Effect.provide(EmulatedAdobePass.layer()))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = ({
  device,
  emulator,
  ...options
}: Options = {}): Layer.Layer<
  | AdobePass.Services
  | RestV2.RestV2
  | CredentialStore.CredentialStore
  | Device.CurrentDevice
  | Emulator.Emulator
  | HttpClient.HttpClient,
  InvalidInput
> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { baseUrl, softwareStatement } = yield* Emulator.Emulator
      const environment = yield* Environment.custom({ name: "emulator", sp: baseUrl })
      return Layer.provideMerge(
        RestV2.layer,
        AdobePass.layer({
          softwareStatement: Redacted.make(softwareStatement),
          ...options,
          environment
        })
      )
    })
  ).pipe(
    Layer.provideMerge(Layer.merge(Emulator.layer(emulator), CredentialStore.layerMemory)),
    Layer.merge(
      Layer.effect(Device.CurrentDevice, device === undefined ? exampleDevice : Either.right(device))
    )
  )

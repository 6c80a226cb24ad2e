import type { HttpClient } from "@effect/platform"
import { Effect, Either, Layer, Redacted } from "effect"
import {
  AdobePass,
  type AdobePassError,
  CredentialStore,
  Device,
  type DeviceInfo,
  Environment
} from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"

export const info: DeviceInfo.DeviceInfo = {
  model: "AFTM",
  version: "montoya",
  osName: "Android",
  osVersion: "5.1.1",
  connectionType: "WiFi"
}

/** Device number `n`, with an address of its own unless another is given. */
export const device = (n = 1, ip = `203.0.113.${n % 256}`): Device.Device =>
  Either.getOrThrow(Device.make({ id: `device-${n}`, ip, info }))

export const emulatorEnvironment = Either.getOrThrow(
  Environment.custom({ name: "emulator", sp: "http://127.0.0.1" })
)

/** The options that make the library an unhurried client of the emulator. */
export type SystemOptions = Partial<AdobePass.AdobePassOptions> & {
  readonly emulator?: Parameters<typeof Emulator.layer>[0]
  readonly store?: Layer.Layer<CredentialStore.CredentialStore>
}

/** The library on the options given, over whatever client and store there are. */
export const adobePass = (
  options: Partial<AdobePass.AdobePassOptions> = {}
): Layer.Layer<
  AdobePass.Services,
  AdobePassError.InvalidInput,
  Emulator.Emulator | HttpClient.HttpClient | CredentialStore.CredentialStore
> =>
  Layer.unwrapEffect(
    Effect.map(Emulator.Emulator, ({ softwareStatement }) =>
      AdobePass.layer({
        environment: emulatorEnvironment,
        softwareStatement: Redacted.make(softwareStatement),
        ...options
      })
    )
  )

/** The whole system in process: library, store and emulator. The emulator does not throttle unless asked to. */
export const system = ({ emulator, store = CredentialStore.layerMemory, ...options }: SystemOptions = {}) =>
  adobePass({ throttle: { burst: 1_000_000 }, ...options }).pipe(
    Layer.provideMerge(Layer.merge(Emulator.layer({ throttle: "off", restV2: "echo", ...emulator }), store))
  )

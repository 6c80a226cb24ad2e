/**
 * What the library warns about: uses that work, and that harm an application or its users later.
 *
 * A process writes each warning once for each registered application and environment, as one line of the log with the
 * annotation `warning`, and counts it in `adobe_pass_warnings`. No warning carries an identifier, an address or a secret.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * The sentence of each warning: what is the case, and what to do.
 *
 * `ApplicationInUseTwice`: two layers for one application of one environment are in use at the same time. One that is
 * closed and built again is not such a case, nor are layers for emulators in the process, which have a statement each.
 *
 * `DevicesWithoutAddress`: three devices have requested tokens without an address. A process that runs on a device speaks
 * for two at most: the device and an instance.
 *
 * `SharedPrivateAddress`: two devices have requested tokens with the same private address, which is that of a proxy. In an
 * environment on this machine, its own addresses are those of the devices.
 *
 * `CredentialsInMemory`: a device was registered with `CredentialStore.layerMemory`, in an environment that is not on this
 * machine.
 *
 * `ClockAhead`, `ClockBehind`: two token answers in a row show the local clock more than five minutes ahead of or behind
 * that of Adobe Pass, by the same amount. A single answer may be an old one.
 *
 * @since 0.1.0
 * @category models
 */
export const messages = {
  ApplicationInUseTwice:
    "Two layers for one registered application are in use in this process, and share neither sessions nor pacing: build the layer once, and provide it to all who need it.",
  DevicesWithoutAddress:
    "Several devices have no address, so Adobe Pass throttles them as one: give each device the address that it calls from, as Device.onBehalfOf does.",
  SharedPrivateAddress:
    "Several devices have the same private address, which is that of a proxy, so Adobe Pass throttles them as one: find the address of each device in X-Forwarded-For with Device.forwardedAddress.",
  CredentialsInMemory:
    "A device was registered whose credentials are lost when this process ends, and its users must then sign in again: provide a store that lasts, such as the file store of effect-adobe-pass-node.",
  ClockAhead:
    "The clock of this machine is more than five minutes ahead of that of Adobe Pass, so what is valid looks expired: synchronize it by NTP.",
  ClockBehind:
    "The clock of this machine is more than five minutes behind that of Adobe Pass, so what has expired looks valid: synchronize it by NTP."
} as const

/**
 * The name of a warning.
 *
 * @since 0.1.0
 * @category models
 */
export type Warning = keyof typeof messages

/**
 * Warnings that are neither written nor counted, because what they are about is meant. The layers of the library read it
 * when they are built. None by default.
 *
 * @example
 * ```ts
 * import { Layer, Redacted } from "effect"
 * import { AdobePass, CredentialStore, Warnings } from "effect-adobe-pass"
 *
 * // An experiment, whose device may be registered anew at each start.
 * const adobePass = AdobePass.layer({
 *   environment: "release-staging",
 *   softwareStatement: Redacted.make("eyJhbGciOiJSUzI1NiJ9...")
 * }).pipe(
 *   Layer.provide(CredentialStore.layerMemory),
 *   Layer.provide(Layer.succeed(Warnings.Silenced, new Set(["CredentialsInMemory"] as const)))
 * )
 * ```
 *
 * @since 0.1.0
 * @category references
 */
export class Silenced extends Context.Reference<Silenced>()("effect-adobe-pass/Warnings/Silenced", {
  defaultValue: (): ReadonlySet<Warning> => new Set()
}) {}

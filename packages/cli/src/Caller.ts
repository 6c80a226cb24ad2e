/**
 * As whom a command speaks: for a streaming device, or as an instance of the application, such as a job.
 *
 * @since 0.1.0
 */
import { release } from "node:os"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as Device from "effect-adobe-pass/Device"
import * as DeviceInfo from "effect-adobe-pass/DeviceInfo"
import { type CommandError, misconfigured } from "./ExitCode.js"
import * as Flag from "./Flag.js"
import * as Settings from "./Settings.js"
import { textOfFile } from "./StandardInput.js"
import * as Variable from "./Variable.js"
import { version } from "./version.js"

/**
 * Whose credentials and token are used. Only calls for a device carry its headers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Caller {
  readonly _tag: "Device" | "Instance"
  readonly device: Device.Device
}

/**
 * The flags of commands that speak to Adobe Pass.
 *
 * @since 0.1.0
 * @category options
 */
export const options = {
  device: Flag.text("device", "The stable id of the streaming device; without it the caller is an instance"),
  deviceIp: Flag.text("device-ip", "The public address of the device, which Adobe Pass throttles by"),
  devicePort: Flag.text("device-port", "The source port of the device"),
  deviceInfo: Flag.text("device-info", "A JSON file with the X-Device-Info of the device"),
  instance: Flag.text("instance", 'The name of this instance of the application (default "adobe-pass")')
}

/**
 * @since 0.1.0
 * @category models
 */
export type Flags = { readonly [Name in keyof typeof options]: Option.Option<string> }

/**
 * The flags by variable, for `Settings.resolve`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const flags = (given: Flags): ReadonlyMap<string, Settings.Found> =>
  Settings.flags({
    "device.id": { flag: "device", value: given.device },
    "device.ip": { flag: "device-ip", value: given.deviceIp },
    "device.port": { flag: "device-port", value: given.devicePort },
    "device.infoFile": { flag: "device-info", value: given.deviceInfo },
    instance: { flag: "instance", value: given.instance }
  })

const osNames: { readonly [platform: string]: string } = {
  darwin: "Mac OS",
  linux: "Linux",
  win32: "Windows"
}

/** This machine, as the registration of an instance describes it. */
const thisMachine: DeviceInfo.DeviceInfo = {
  model: "adobe-pass",
  version,
  osName: osNames[process.platform] ?? process.platform,
  osVersion: release(),
  connectionType: "Ethernet"
}

/**
 * A device by its id alone, for the key of its session. Nothing is sent for it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const identity = (id: string): Effect.Effect<Device.Device, InvalidInput> =>
  Device.make({ id, info: thisMachine })

/**
 * An instance of the application.
 *
 * @since 0.1.0
 * @category constructors
 */
export const instance = (settings: Settings.Settings): Effect.Effect<Device.Device, InvalidInput> =>
  Effect.mapError(
    Device.make({ id: Settings.get(settings, "instance") ?? "adobe-pass", info: thisMachine }),
    ({ problem }) => new InvalidInput({ field: Variable.of("instance"), problem: problem })
  )

const decodeInfo = Schema.decode(Schema.parseJson(DeviceInfo.DeviceInfo))

/** What is wrong with a description, without its values. */
const firstProblem = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  return issue === undefined || issue.path.length === 0
    ? "is not a JSON object with the keys of X-Device-Info"
    : `cannot be used: ${issue.path.join(".")} is missing or not what Adobe Pass takes`
}

/** What the device is: described by a file, or by the user agent of a browser. */
const description = (
  settings: Settings.Settings
): Effect.Effect<Device.Description, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const userAgent = Settings.get(settings, "device.userAgent")
    const file = Settings.get(settings, "device.infoFile")
    if (file !== undefined) {
      const info = yield* Effect.mapError(decodeInfo(yield* textOfFile(file)), (error) =>
        misconfigured(`${file} ${firstProblem(error)}.`)
      )
      return { info, userAgent }
    }
    if (userAgent !== undefined) return { info: "browser", userAgent }
    return yield* misconfigured(
      `Describe the device: --device-info (${Variable.of("device.infoFile")}) names a JSON file with model, version, osName, osVersion and connectionType; for a browser set ${Variable.of("device.userAgent")}.`
    )
  })

/** A device with its source port, which home-based authentication needs, or without. */
const device = (
  settings: Settings.Settings,
  id: string
): Effect.Effect<Device.Device, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const what = yield* description(settings)
    const ip = Settings.get(settings, "device.ip")
    const port = Settings.get(settings, "device.port")
    if (port === undefined || what.info === "browser") return yield* Device.make({ ...what, id, ip })
    if (ip === undefined) {
      return yield* misconfigured(
        `A source port belongs to an address: set ${Variable.of("device.ip")}, too.`
      )
    }
    return yield* Device.onBehalfOf({
      id,
      ip,
      port: /^\d+$/.test(port) ? Number(port) : Number.NaN,
      info: what.info,
      userAgent: what.userAgent
    })
  }).pipe(Effect.mapError((error) => (error._tag === "InvalidInput" ? AdobePass.nameVariable(error) : error)))

/**
 * The device of the settings, or else the instance.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = (
  settings: Settings.Settings
): Effect.Effect<Caller, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const id = Settings.get(settings, "device.id")
    const caller: Caller =
      id === undefined
        ? { _tag: "Instance", device: yield* instance(settings) }
        : { _tag: "Device", device: yield* device(settings, id) }
    return caller
  }).pipe(Effect.mapError((error) => Settings.explain(settings, error)))

/**
 * The same flow against an environment of your own: register, token and one call, each shown as it happens.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import { hostname } from "node:os"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import {
  CurrentDevice,
  Device,
  type DeviceInfo,
  Metrics,
  ProtectedClient,
  RegisteredApplication,
  Sessions
} from "effect-adobe-pass"
import * as Setting from "effect-adobe-pass/Setting"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { Narration } from "./Narration.js"

/**
 * A variable or a file that cannot be used, in one sentence.
 *
 * @since 0.1.0
 * @category errors
 */
export class SettingsError extends Data.TaggedError("SettingsError")<{ readonly message: string }> {}

const storeDirectory = "./.adobe-pass"

const text = (name: string) => Config.option(Setting.variableText(name))

const variables = Config.all({
  environment: text("ENVIRONMENT"),
  statementFile: text("SOFTWARE_STATEMENT_FILE"),
  serviceProvider: text("SERVICE_PROVIDER"),
  callPath: text("CALL_PATH"),
  deviceId: text("DEVICE_ID")
}).pipe(Config.nested("ADOBE_PASS"))

const sentence = (error: ConfigError.ConfigError): string => {
  switch (error._op) {
    case "And":
    case "Or":
      return sentence(error.left)
    case "InvalidData":
      return `${error.path.join("_")} ${error.message}.`
    case "MissingData":
    case "SourceUnavailable":
    case "Unsupported":
      return `${error.path.join("_")}: ${error.message}.`
  }
}

const toSettingsError = (error: ConfigError.ConfigError) => new SettingsError({ message: sentence(error) })

/**
 * Whether the variables ask for an environment of one's own. Half of them set is a mistake and fails with
 * `SettingsError`.
 *
 * @since 0.1.0
 * @category programs
 */
export const isAskedFor: Effect.Effect<boolean, SettingsError> = Effect.flatMap(
  Effect.mapError(variables, toSettingsError),
  ({ environment, statementFile }) =>
    Option.isSome(environment) === Option.isSome(statementFile)
      ? Effect.succeed(Option.isSome(environment))
      : new SettingsError({
          message:
            "Set both ADOBE_PASS_ENVIRONMENT and ADOBE_PASS_SOFTWARE_STATEMENT_FILE to use an environment of your own, or neither for the tour with the emulator."
        })
)

const callPath = (variables: {
  readonly callPath: Option.Option<string>
  readonly serviceProvider: Option.Option<string>
}): Effect.Effect<string, SettingsError> =>
  Option.match(variables.callPath, {
    onSome: (path) =>
      path.startsWith("/")
        ? Effect.succeed(path)
        : new SettingsError({ message: "ADOBE_PASS_CALL_PATH must be a path that starts with a slash." }),
    onNone: () =>
      Option.match(variables.serviceProvider, {
        onSome: (provider) => Effect.succeed(`/api/v2/${encodeURIComponent(provider)}/configuration`),
        onNone: () =>
          new SettingsError({
            message:
              "Set ADOBE_PASS_SERVICE_PROVIDER to the requestor id of your channel (or ADOBE_PASS_CALL_PATH to a path of your own), so that a protected call can be made."
          })
      })
  })

/** The library with its options from variables, and the statement out of its file. */
const adobePass = NodeAdobePass.layerConfig({ store: NodeAdobePass.fileStore(storeDirectory) }).pipe(
  Layer.mapError((error) => (ConfigError.isConfigError(error) ? toSettingsError(error) : error))
)

/** This machine as a device: the same on every run, so that it registers once. */
const thisMachine: { readonly id: string; readonly info: DeviceInfo.DeviceInfo } = {
  id: createHash("sha256")
    .update(`effect-adobe-pass walkthrough on ${hostname()}`)
    .digest("hex")
    .slice(0, 32),
  info: {
    model: "walkthrough",
    version: "1",
    osName: "Linux",
    osVersion: process.version,
    connectionType: "Ethernet"
  }
}

const times = (occurrences: ReadonlyMap<string, number>): number => occurrences.get("success") ?? 0

const flow = (path: string) =>
  Effect.gen(function* () {
    const { fact, heading } = yield* Narration
    const sessions = yield* Sessions.Sessions
    const client = yield* ProtectedClient.ProtectedClient
    const device = yield* CurrentDevice
    const inMillis = (duration: Duration.Duration) => `${Math.round(Duration.toMillis(duration))} ms`

    yield* heading("1. Register the device, unless the store knows it")
    const [registering, credentials] = yield* Effect.timed(sessions.credentials(device))
    const { occurrences } = yield* Metric.value(Metrics.registrations)
    yield* fact(
      "credentials",
      times(occurrences) === 0 ? "from the store, nothing sent" : `new, after ${inMillis(registering)}`
    )
    yield* fact("client id, secret", `${credentials.clientId}, ${credentials.clientSecret}`)
    yield* fact("scopes", credentials.scopes.join(", ") || "none named")

    yield* heading("2. Get an access token, unless the store has a valid one")
    const [asking, token] = yield* Effect.timed(sessions.accessToken(device))
    yield* fact("token", `${token.value}, after ${inMillis(asking)}`)
    yield* fact("lifetime", Duration.format(Duration.millis(token.expiresAt - token.issuedAt)))

    yield* heading("3. Call a protected API")
    yield* fact("GET", path)
    const [calling, response] = yield* Effect.timed(client.get(path))
    yield* fact("answer", `${response.status} after ${inMillis(calling)}`)
  })

/**
 * Registers this machine once, gets a token and makes one call. Every error has one sentence as its message.
 *
 * @since 0.1.0
 * @category programs
 */
export const run = Effect.gen(function* () {
  const { fact, heading, note } = yield* Narration
  const settings = yield* Effect.mapError(variables, toSettingsError)
  const path = yield* callPath(settings)
  const device = yield* Device.make({
    ...thisMachine,
    id: Option.getOrElse(settings.deviceId, () => thisMachine.id)
  })

  yield* Effect.gen(function* () {
    const { environment, softwareStatement } = yield* RegisteredApplication.RegisteredApplication
    const file = Option.getOrElse(settings.statementFile, () => "")
    const application = softwareStatement.claims.sub ?? softwareStatement.fingerprint
    yield* heading(`Your environment: ${environment.name}`)
    yield* fact("host", environment.sp)
    yield* fact("statement", `${file}, application ${application}`)
    yield* note(
      `This machine is registered as a device there, once. Its credentials are kept in ${storeDirectory}, between runs;`
    )
    yield* note("without that directory the next run registers it again.")
    yield* flow(path)
  }).pipe(Effect.provideService(CurrentDevice, device), Effect.provide(adobePass))
  yield* heading("Registered, token obtained, call answered.")
})

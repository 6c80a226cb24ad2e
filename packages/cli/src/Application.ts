/**
 * The registered application of the settings: the library with its store and its transport.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import { type SessionEvent, Sessions } from "effect-adobe-pass/Sessions"
import * as Throttle from "effect-adobe-pass/Throttle"
import { type CommandError, misconfigured } from "./ExitCode.js"
import * as Settings from "./Settings.js"
import * as Store from "./Store.js"
import * as Variable from "./Variable.js"

/**
 * Looks at what the library sends, and at its waits. Both are given the real one, and return one that does the same.
 *
 * @since 0.1.0
 * @category models
 */
export interface Observer {
  readonly transport: (client: HttpClient.HttpClient) => HttpClient.HttpClient
  readonly throttle: (throttle: Throttle.Throttle) => Throttle.Throttle
}

const unobserved: Observer = { transport: (client) => client, throttle: (throttle) => throttle }

/**
 * All services of the library, and the store behind them.
 *
 * @since 0.1.0
 * @category models
 */
export type Services = AdobePass.Services | CredentialStore | HttpClient.HttpClient

/** The modules that hold undici, which takes as long to load as all others together: only who calls Adobe Pass waits. */
const node = Effect.promise(() =>
  Promise.all([
    import("effect-adobe-pass-node/NodeAdobePass"),
    import("effect-adobe-pass-node/NodeTransport")
  ])
)

/** The options of the library from the settings; errors name variables. */
const options = (settings: Settings.Settings) =>
  Effect.gen(function* () {
    const [NodeAdobePass] = yield* node
    // The store of the configuration is that of files; ours may be another one.
    const { store: _, throttle, transport, ...application } = yield* NodeAdobePass.config
    const all = { ...application, throttle }
    yield* Effect.mapError(AdobePass.check(all), (error) =>
      error.field === "softwareStatement"
        ? misconfigured(`The software statement (${sourceOfStatement(settings)}) ${error.problem}.`)
        : AdobePass.nameVariable(error)
    )
    return { application, throttle, transport }
  }).pipe(Effect.withConfigProvider(Settings.provider(settings)))

const sourceOfStatement = (settings: Settings.Settings): string => {
  const file = Settings.get(settings, "softwareStatementFile")
  return file ?? settings.found.get(Variable.of("softwareStatement"))?.source ?? ""
}

/** What somebody has to know who did not ask for it; other events are part of every day. */
const warningOf = ({ _tag }: SessionEvent): string | undefined => {
  switch (_tag) {
    case "CredentialsReplaced":
      return "Adobe Pass does not know the stored credentials any more, so this device or instance was registered again: its users must sign in again."
    case "RegistrationAbandoned":
      return "A registration has been given up half way, and Adobe Pass may have a client that nobody uses."
    case "RedirectUriChanged":
      return "The stored credentials were registered with another redirect URI."
    case "StoreFailed":
      return "The store failed, and the session goes on without it: check the store."
    default:
      return undefined
  }
}

/** Writes warnings to the log while the application lives. */
const warnings = Layer.scopedDiscard(
  Effect.gen(function* () {
    const sessions = yield* Sessions
    yield* Effect.forkScoped(
      Stream.runForEach(sessions.events, (event) => {
        const warning = warningOf(event)
        return warning === undefined ? Effect.void : Effect.logWarning(warning)
      })
    )
    // The fiber subscribes when it gets its turn, which comes before the first call.
    yield* Effect.yieldNow()
  })
)

/**
 * The library for the settings of a command. Nothing is sent before the first call; what went wrong in a session is
 * logged as a warning.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  settings: Settings.Settings,
  observer: Observer = unobserved
): Layer.Layer<Services, CommandError, FileSystem.FileSystem> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const [, NodeTransport] = yield* node
      const { application, throttle, transport } = yield* options(settings)
      const observed = Layer.merge(
        Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, observer.transport)).pipe(
          Layer.provide(NodeTransport.layer(transport))
        ),
        Layer.effect(Throttle.Throttle, Effect.map(Throttle.Throttle, observer.throttle)).pipe(
          Layer.provide(Throttle.layer(throttle))
        )
      )
      return warnings.pipe(
        Layer.provideMerge(AdobePass.layerWithoutThrottle(application)),
        Layer.provideMerge(observed),
        Layer.provideMerge(Store.layer(settings))
      )
    })
  ).pipe(Layer.mapError((error) => Settings.explain(settings, error)))

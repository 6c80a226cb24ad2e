/**
 * The whole system on one screen: five services and how they are wired.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { defaultRefreshWindow } from "./AccessToken.js"
import type { InvalidInput } from "./AdobePassError.js"
import * as ClientRegistration from "./ClientRegistration.js"
import type { CredentialStore } from "./CredentialStore.js"
import * as Environment from "./Environment.js"
import * as ProtectedClient from "./ProtectedClient.js"
import * as RegisteredApplication from "./RegisteredApplication.js"
import * as Sessions from "./Sessions.js"
import * as Throttle from "./Throttle.js"
import * as TokenEndpoint from "./TokenEndpoint.js"

/**
 * The registered application and every tunable; all but the first two have safe defaults.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends RegisteredApplication.Options {
  /** Pacing per device IP. */
  readonly throttle?: Throttle.Options | undefined
  /** Memory, refresh window, cooldowns and the policy for refused credentials. */
  readonly sessions?: Sessions.Options | undefined
  /** Limit of one attempt of any request. @default 10 seconds */
  readonly timeout?: ProtectedClient.Options["timeout"]
  /** Attempts, delays and budget of what is repeated. */
  readonly retry?: Throttle.ScheduleOptions | undefined
  /** Credit for repetitions, see `ProtectedClient.Options`. @default 500 */
  readonly retryQuota?: number | undefined
}

/**
 * The services that `layer` provides. Most programs need only `ProtectedClient`.
 *
 * @since 0.1.0
 * @category models
 */
export type Services =
  | ClientRegistration.ClientRegistration
  | ProtectedClient.ProtectedClient
  | Sessions.Sessions
  | Throttle.Throttle
  | TokenEndpoint.TokenEndpoint

/**
 * `layer` with a `Throttle` of yours: Adobe Pass has one bucket per device address, so several registered applications
 * in one process share it.
 *
 * @example
 * ```ts
 * import { Layer, Redacted } from "effect"
 * import { AdobePass, Throttle } from "effect-adobe-pass"
 *
 * const throttle = Throttle.layer()
 * const application = (statement: string) =>
 *   AdobePass.layerWithoutThrottle({
 *     environment: "release-staging",
 *     softwareStatement: Redacted.make(statement)
 *   }).pipe(Layer.provide(throttle))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWithoutThrottle = (
  options: Omit<Options, "throttle">
): Layer.Layer<
  Exclude<Services, Throttle.Throttle>,
  InvalidInput,
  HttpClient.HttpClient | CredentialStore | Throttle.Throttle
> =>
  Layer.unwrapEffect(
    Effect.map(RegisteredApplication.make(options), (application) => {
      const exchanges = { timeout: options.timeout, retry: options.retry }
      const registration = Layer.effect(
        ClientRegistration.ClientRegistration,
        ClientRegistration.make(application, exchanges)
      )
      const tokenEndpoint = Layer.effect(
        TokenEndpoint.TokenEndpoint,
        TokenEndpoint.make(application, exchanges)
      )
      const sessions = Layer.scoped(Sessions.Sessions, Sessions.make(application, options.sessions))
      const client = Layer.effect(
        ProtectedClient.ProtectedClient,
        ProtectedClient.make(application, { ...exchanges, retryQuota: options.retryQuota })
      )
      return client.pipe(
        Layer.provideMerge(sessions),
        Layer.provideMerge(Layer.merge(registration, tokenEndpoint))
      )
    })
  )

/**
 * Adobe Pass for one registered application, over your `HttpClient` and your `CredentialStore`.
 *
 * Fails with `InvalidInput` when an option cannot be used; nothing is sent before the first call. To hold several
 * registered applications in one process, see `layerWithoutThrottle`.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { Layer, Redacted } from "effect"
 * import { AdobePass, CredentialStore } from "effect-adobe-pass"
 *
 * const adobePass = AdobePass.layer({
 *   environment: "release-staging",
 *   softwareStatement: Redacted.make("eyJhbGciOiJSUzI1NiJ9...")
 * }).pipe(Layer.provide([FetchHttpClient.layer, CredentialStore.layerMemory]))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<Services, InvalidInput, HttpClient.HttpClient | CredentialStore> =>
  Layer.provideMerge(layerWithoutThrottle(options), Throttle.layer(options.throttle))

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.map(Config.option(config), Option.getOrUndefined)

const duration = (name: string): Config.Config<Duration.Duration | undefined> =>
  optional(Config.duration(name))

const environment = Config.all({
  name: Config.string("ENVIRONMENT"),
  sp: optional(Config.string("SP_URL")),
  mgmt: optional(Config.string("MGMT_URL"))
}).pipe(
  Config.mapOrFail(({ mgmt, name, sp }) =>
    Either.mapLeft(
      sp === undefined ? Environment.fromName(name) : Environment.custom({ name, sp, mgmt }),
      (error) => ConfigError.InvalidData([], error.message)
    )
  )
)

/**
 * The options from variables that start with `ADOBE_PASS_`. `ENVIRONMENT` and `SOFTWARE_STATEMENT` are required; with
 * `SP_URL` (and `MGMT_URL`) the environment is one of your own and `ENVIRONMENT` its name.
 *
 * Optional: `REDIRECT_URI`, `USER_AGENT`, `TIMEOUT`, `RETRY_ATTEMPTS`, `RETRY_BASE`, `RETRY_CAP`, `RETRY_BUDGET`,
 * `RETRY_QUOTA`, `THROTTLE_BURST`, `THROTTLE_INTERVAL`, `THROTTLE_REPLENISH`, `THROTTLE_MAX_WAIT`,
 * `THROTTLE_MAX_KEYS`, `SESSIONS_CAPACITY`, `SESSIONS_REREGISTER`, `SESSIONS_THROTTLE_COOLDOWN`,
 * `SESSIONS_OUTAGE_COOLDOWN`, `SESSIONS_REFUSAL_COOLDOWN`, `SESSIONS_CONFIRM_AFTER`, `SESSIONS_REFRESH_FRACTION`, `SESSIONS_REFRESH_MINIMUM`, `SESSIONS_REFRESH_MAXIMUM`.
 * Durations are written as `10 seconds`; the last two are in milliseconds.
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<Options> = Config.all({
  environment,
  softwareStatement: Config.redacted("SOFTWARE_STATEMENT"),
  redirectUri: optional(Config.string("REDIRECT_URI")),
  userAgent: optional(Config.string("USER_AGENT")),
  timeout: duration("TIMEOUT"),
  retryQuota: optional(Config.integer("RETRY_QUOTA")),
  retry: Config.all({
    attempts: optional(Config.integer("RETRY_ATTEMPTS")),
    base: duration("RETRY_BASE"),
    cap: duration("RETRY_CAP"),
    budget: duration("RETRY_BUDGET")
  }),
  throttle: Config.all({
    burst: optional(Config.integer("THROTTLE_BURST")),
    interval: duration("THROTTLE_INTERVAL"),
    replenish: optional(Config.literal("learn", "refill", "never")("THROTTLE_REPLENISH")),
    maxWait: duration("THROTTLE_MAX_WAIT"),
    maxKeys: optional(Config.integer("THROTTLE_MAX_KEYS"))
  }),
  sessions: Config.all({
    capacity: optional(Config.integer("SESSIONS_CAPACITY")),
    reregister: optional(Config.literal("confirm", "never")("SESSIONS_REREGISTER")),
    throttleCooldown: duration("SESSIONS_THROTTLE_COOLDOWN"),
    outageCooldown: duration("SESSIONS_OUTAGE_COOLDOWN"),
    refusalCooldown: duration("SESSIONS_REFUSAL_COOLDOWN"),
    confirmAfter: duration("SESSIONS_CONFIRM_AFTER"),
    refreshWindow: Config.all({
      fraction: Config.withDefault(Config.number("SESSIONS_REFRESH_FRACTION"), defaultRefreshWindow.fraction),
      minimum: Config.withDefault(Config.number("SESSIONS_REFRESH_MINIMUM"), defaultRefreshWindow.minimum),
      maximum: Config.withDefault(Config.number("SESSIONS_REFRESH_MAXIMUM"), defaultRefreshWindow.maximum)
    })
  })
}).pipe(Config.nested("ADOBE_PASS"))

/**
 * `layer` from configuration: by default from the `ADOBE_PASS_*` variables of `config`.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { Layer } from "effect"
 * import { AdobePass, CredentialStore } from "effect-adobe-pass"
 *
 * const adobePass = AdobePass.layerConfig().pipe(
 *   Layer.provide([FetchHttpClient.layer, CredentialStore.layerMemory])
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options> = config
): Layer.Layer<Services, InvalidInput | ConfigError.ConfigError, HttpClient.HttpClient | CredentialStore> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))

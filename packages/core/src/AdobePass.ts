/**
 * The services of the library and how they are wired.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { InvalidInput } from "./AdobePassError.js"
import * as ClientRegistration from "./ClientRegistration.js"
import type { CredentialStore } from "./CredentialStore.js"
import * as Environment from "./Environment.js"
import * as Health from "./Health.js"
import * as HealthRecord from "./internal/health/healthRecord.js"
import * as Options from "./Options.js"
import * as ProtectedClient from "./ProtectedClient.js"
import * as RegisteredApplication from "./RegisteredApplication.js"
import * as RetryQuota from "./RetryQuota.js"
import * as Sessions from "./Sessions.js"
import * as Setting from "./Setting.js"
import * as Throttle from "./Throttle.js"
import * as TokenEndpoint from "./TokenEndpoint.js"

/**
 * The registered application and all options. Only `environment` and `softwareStatement` are required.
 *
 * @since 0.1.0
 * @category models
 */
export interface AdobePassOptions
  extends RegisteredApplication.ApplicationOptions,
    Setting.Input<typeof Options.adobePass> {}

/**
 * The services that `layer` provides. Most programs need only `ProtectedClient`.
 *
 * @since 0.1.0
 * @category models
 */
export type Services =
  | ClientRegistration.ClientRegistration
  | Health.HealthRecord
  | ProtectedClient.ProtectedClient
  | RegisteredApplication.RegisteredApplication
  | Sessions.Sessions
  | Throttle.Throttle
  | TokenEndpoint.TokenEndpoint

const applicationOptions: { readonly [Option in keyof RegisteredApplication.ApplicationOptions]-?: true } = {
  environment: true,
  softwareStatement: true,
  redirectUri: true,
  userAgent: true
}

/**
 * Checks all options, as `layer` does before it builds anything. `InvalidInput` names the first that cannot be used, or
 * that is not an option.
 *
 * @since 0.1.0
 * @category checks
 */
export const check = (options: Omit<AdobePassOptions, "throttle">): Effect.Effect<void, InvalidInput> =>
  Effect.gen(function* () {
    yield* RegisteredApplication.make(options)
    yield* Options.adobePass.checkNames(options, "", Object.keys(applicationOptions))
  })

const checked = <A, E, R>(
  options: Omit<AdobePassOptions, "throttle">,
  layer: Layer.Layer<A, E, R>
): Layer.Layer<A, E | InvalidInput, R> => Layer.unwrapEffect(Effect.as(check(options), layer))

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
  options: Omit<AdobePassOptions, "throttle">
): Layer.Layer<
  Exclude<Services, Throttle.Throttle>,
  InvalidInput,
  HttpClient.HttpClient | CredentialStore | Throttle.Throttle
> =>
  checked(
    options,
    ProtectedClient.layer(options).pipe(
      Layer.provideMerge(Sessions.layer(options.sessions)),
      Layer.provideMerge(Layer.merge(ClientRegistration.layer(options), TokenEndpoint.layer(options))),
      Layer.provide(RetryQuota.layer(options.retryQuota)),
      Layer.provideMerge(Layer.merge(RegisteredApplication.layer(options), HealthRecord.layer()))
    )
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
  options: AdobePassOptions
): Layer.Layer<Services, InvalidInput, HttpClient.HttpClient | CredentialStore> =>
  checked(options, Layer.provideMerge(layerWithoutThrottle(options), Throttle.layer(options.throttle)))

/**
 * How the application stands: its endpoints, store, throttle and sessions, and what is wrong now. It is a snapshot of what
 * the services noted; nothing is sent, and neither the store nor shared buckets are asked.
 *
 * Each application has its own, and those that share a throttle see the same one.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { AdobePass } from "effect-adobe-pass"
 *
 * const report = Effect.gen(function* () {
 *   const health = yield* AdobePass.health
 *   for (const { message } of health.incidents) yield* Effect.logWarning(message)
 *   return JSON.stringify(health)
 * })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const health: typeof Health.now = Health.now

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.map(Config.option(config), Option.getOrUndefined)

const names = Object.keys(Environment.environments)

/** The variables of what `Environment` finds wrong. */
const environmentVariables = new Map([
  ["environment.sp", "ADOBE_PASS_SP_URL"],
  ["environment.mgmt", "ADOBE_PASS_MGMT_URL"]
])

const environment = Config.all({
  name: Setting.variableText("ADOBE_PASS_ENVIRONMENT"),
  sp: optional(Setting.variableText("ADOBE_PASS_SP_URL")),
  mgmt: optional(Setting.variableText("ADOBE_PASS_MGMT_URL"))
}).pipe(
  Config.mapOrFail(({ mgmt, name, sp }) => {
    const refused = (variable: string, problem: string) => ConfigError.InvalidData([variable], problem)
    if (sp === undefined) {
      return Either.mapLeft(Environment.fromName(name), () =>
        refused(
          "ADOBE_PASS_ENVIRONMENT",
          `must be one of ${names.join(", ")}; for an environment of your own also set ADOBE_PASS_SP_URL`
        )
      )
    }
    return Either.mapLeft(Environment.custom({ name, sp, mgmt }), ({ field, problem }) =>
      refused(
        environmentVariables.get(field) ?? "ADOBE_PASS_ENVIRONMENT",
        names.includes(name) ? `${problem}: unset ADOBE_PASS_SP_URL, or choose another name` : problem
      )
    )
  })
)

/**
 * `config` without the software statement, for a program that reads it elsewhere.
 *
 * @since 0.1.0
 * @category config
 */
export const configWithoutStatement: Config.Config<Omit<AdobePassOptions, "softwareStatement">> =
  Config.zipWith(
    Config.all({
      environment,
      redirectUri: optional(Setting.variableText("ADOBE_PASS_REDIRECT_URI")),
      userAgent: optional(Setting.variableText("ADOBE_PASS_USER_AGENT"))
    }),
    Options.adobePass.config("ADOBE_PASS"),
    (application, options) => ({ ...application, ...options })
  )

/**
 * The options from variables that start with `ADOBE_PASS_`.
 *
 * `ENVIRONMENT` and `SOFTWARE_STATEMENT` are required; with `SP_URL` (and `MGMT_URL`) the environment is one of your own
 * and `ENVIRONMENT` its name. `REDIRECT_URI`, `USER_AGENT` and every option of `Options.adobePass` may be set, such as
 * `THROTTLE_MAX_WAIT=10 seconds`.
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<AdobePassOptions> = Config.zipWith(
  configWithoutStatement,
  // `Config.redacted` would hide which variable is missing, and the error of `Config.string` holds no value.
  Config.map(Config.string("ADOBE_PASS_SOFTWARE_STATEMENT"), Redacted.make),
  (options, softwareStatement) => ({ ...options, softwareStatement })
)

/**
 * Renames the option in an `InvalidInput` to its environment variable, for options that were read by `config`.
 *
 * @since 0.1.0
 * @category config
 */
export const nameVariable = ({ field, problem }: InvalidInput): InvalidInput =>
  new InvalidInput({ field: Setting.variable("ADOBE_PASS", field), problem })

/**
 * `layer` from configuration: by default from the `ADOBE_PASS_*` variables of `config`, which errors then name in place
 * of options.
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
  options: Config.Config.Wrap<AdobePassOptions> = config
): Layer.Layer<Services, InvalidInput | ConfigError.ConfigError, HttpClient.HttpClient | CredentialStore> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const configured = yield* Config.unwrap(options)
      if (options === config) yield* Effect.mapError(check(configured), nameVariable)
      return layer(configured)
    })
  )

/**
 * Adobe Pass on Node.js, complete: the library, a pooled transport and a store.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import { type CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import * as Setting from "effect-adobe-pass/Setting"
import * as FileStore from "./FileStore.js"
import * as StatementSource from "./internal/statementSource.js"
import * as NodeTransport from "./NodeTransport.js"

/**
 * The options of the library, a store, and the connection pool.
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeAdobePassOptions<E = never, R = never> extends AdobePass.AdobePassOptions {
  /** The credential store, such as `fileStore("./.adobe-pass")`. */
  readonly store: Layer.Layer<CredentialStore, E, R>
  /** The connection pool. */
  readonly transport?: NodeTransport.TransportOptions | undefined
}

/**
 * `FileStore.layer` with its default limits.
 *
 * @since 0.1.0
 * @category layers
 */
export const fileStore = (
  directory: string
): Layer.Layer<CredentialStore, CredentialStoreError | InvalidInput> => FileStore.layer({ directory })

/**
 * Adobe Pass for one registered application, with nothing left to provide.
 *
 * Options are checked first: when one cannot be used, the layer fails with `InvalidInput` and builds no store.
 *
 * @example
 * ```ts
 * import { Redacted } from "effect"
 * import { NodeAdobePass } from "effect-adobe-pass-node"
 *
 * const adobePass = NodeAdobePass.layer({
 *   environment: "release-staging",
 *   softwareStatement: Redacted.make("eyJhbGciOiJSUzI1NiJ9..."),
 *   store: NodeAdobePass.fileStore("./.adobe-pass")
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <E, R>({
  store,
  transport,
  ...options
}: NodeAdobePassOptions<E, R>): Layer.Layer<AdobePass.Services, InvalidInput | E, R> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      yield* AdobePass.check(options)
      yield* NodeTransport.options.checkNames(transport, "transport")
      return Layer.provide(AdobePass.layer(options), [NodeTransport.layer(transport), store])
    })
  )

/** The file store of a variable, which its errors name. */
const configuredStore = Config.map(Setting.variableText("ADOBE_PASS_STORE_DIRECTORY"), (directory) =>
  Layer.mapError(fileStore(directory), (error) =>
    error._tag === "InvalidInput"
      ? new InvalidInput({ field: "ADOBE_PASS_STORE_DIRECTORY", problem: error.problem })
      : error
  )
)

/** The options from variables, and the variable of the software statement. */
const read = <E, R>(store: Config.Config<Layer.Layer<CredentialStore, E, R>>) =>
  Effect.gen(function* () {
    const { application, statement, ...others } = yield* Config.all({
      application: AdobePass.configWithoutStatement,
      statement: StatementSource.config,
      store,
      transport: NodeTransport.options.config("ADOBE_PASS_TRANSPORT")
    })
    const options = { ...application, softwareStatement: yield* statement.read }
    return { options, ...others, statementVariable: statement.variable }
  })

/**
 * The variables of `AdobePass.config`, `ADOBE_PASS_STORE_DIRECTORY` for the file store, and `ADOBE_PASS_TRANSPORT_*` for
 * the connection pool. `ADOBE_PASS_SOFTWARE_STATEMENT_FILE` may name a file with the software statement, in place of
 * `ADOBE_PASS_SOFTWARE_STATEMENT`.
 *
 * @since 0.1.0
 * @category config
 */
export const config: Effect.Effect<
  NodeAdobePassOptions<CredentialStoreError | InvalidInput>,
  ConfigError
> = Effect.map(read(configuredStore), ({ options, store, transport }) => ({ ...options, store, transport }))

/**
 * `layer` from the variables of `config`. A given `store` replaces the file store, whose variable is not needed then,
 * and a given `transport` the connection pool of the variables.
 *
 * Errors name the variable in place of the option that it is for. Fails with `ConfigError` when a variable is missing or
 * cannot be read.
 *
 * @example
 * ```ts
 * import { NodeAdobePass } from "effect-adobe-pass-node"
 *
 * // Reads ADOBE_PASS_ENVIRONMENT, ADOBE_PASS_SOFTWARE_STATEMENT_FILE and ADOBE_PASS_STORE_DIRECTORY.
 * const adobePass = NodeAdobePass.layerConfig()
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = <E = never, R = never>(
  given: {
    readonly store?: Layer.Layer<CredentialStore, E, R> | undefined
    readonly transport?: NodeTransport.TransportOptions | undefined
  } = {}
): Layer.Layer<AdobePass.Services, ConfigError | CredentialStoreError | InvalidInput | E, R> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const store: Config.Config<Layer.Layer<CredentialStore, CredentialStoreError | InvalidInput | E, R>> =
        given.store === undefined ? configuredStore : Config.succeed(given.store)
      const { options, statementVariable, ...configured } = yield* read(store)
      yield* Effect.mapError(AdobePass.check(options), (error) =>
        error.field === "softwareStatement"
          ? new InvalidInput({ field: statementVariable, problem: error.problem })
          : AdobePass.nameVariable(error)
      )
      if (given.transport !== undefined) {
        return layer({ ...options, ...configured, transport: given.transport })
      }
      const pool = NodeTransport.options.checkNames(configured.transport, "transport")
      yield* Effect.mapError(pool, AdobePass.nameVariable)
      return layer({ ...options, ...configured })
    })
  )

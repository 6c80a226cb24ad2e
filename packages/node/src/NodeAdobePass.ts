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
import type { CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import * as Options from "effect-adobe-pass/Options"
import * as RegisteredApplication from "effect-adobe-pass/RegisteredApplication"
import * as FileStore from "./FileStore.js"
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
      yield* RegisteredApplication.make(options)
      yield* Options.adobePass.check(options)
      yield* NodeTransport.options.check(transport, "transport")
      return Layer.provide(AdobePass.layer(options), [NodeTransport.layer(transport), store])
    })
  )

/**
 * The variables of `AdobePass.config`, `ADOBE_PASS_STORE_DIRECTORY` for the file store, and `ADOBE_PASS_TRANSPORT_*` for
 * the connection pool.
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<NodeAdobePassOptions<CredentialStoreError | InvalidInput>> =
  Config.zipWith(
    AdobePass.config,
    Config.all({
      directory: Config.nonEmptyString("STORE_DIRECTORY"),
      transport: NodeTransport.options.config("TRANSPORT")
    }).pipe(Config.nested("ADOBE_PASS")),
    (options, { directory, transport }) => ({ ...options, store: fileStore(directory), transport })
  )

/**
 * `layer` from the variables of `config`. A given `transport` replaces the one of the variables.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: { readonly transport?: NodeTransport.TransportOptions | undefined } = {}
): Layer.Layer<AdobePass.Services, ConfigError | CredentialStoreError | InvalidInput> =>
  Layer.unwrapEffect(Effect.map(config, (configured) => layer({ ...configured, ...options })))

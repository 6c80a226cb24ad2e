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
import * as FileStore from "./FileStore.js"
import * as NodeTransport from "./NodeTransport.js"

/**
 * The options of the library, a store, and the transport's tunables.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<E = never, R = never> extends AdobePass.Options {
  /** Where credentials live, such as `fileStore("./.adobe-pass")`. */
  readonly store: Layer.Layer<CredentialStore, E, R>
  /** The connection pool. */
  readonly transport?: NodeTransport.Options | undefined
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
}: Options<E, R>): Layer.Layer<AdobePass.Services, InvalidInput | E, R> =>
  Layer.provide(AdobePass.layer(options), [NodeTransport.layer(transport), store])

/**
 * The variables of `AdobePass.config`, and `ADOBE_PASS_STORE_DIRECTORY` for the file store.
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<Options<CredentialStoreError | InvalidInput>> = Config.zipWith(
  AdobePass.config,
  Config.nested(Config.nonEmptyString("STORE_DIRECTORY"), "ADOBE_PASS"),
  (options, directory) => ({ ...options, store: fileStore(directory) })
)

/**
 * `layer` from the variables of `config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: { readonly transport?: NodeTransport.Options | undefined } = {}
): Layer.Layer<AdobePass.Services, ConfigError | CredentialStoreError | InvalidInput> =>
  Layer.unwrapEffect(Effect.map(config, (configured) => layer({ ...configured, ...options })))

import type { HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Layer } from "effect"
import type { AdobePassError } from "effect-adobe-pass"
import { NodeTransport } from "effect-adobe-pass-node"

/** The platform's client on our pool, as the README of `packages/node` makes it. */
export const platformTransport = (
  options?: NodeTransport.TransportOptions
): Layer.Layer<HttpClient.HttpClient, AdobePassError.InvalidInput> =>
  Layer.provide(
    NodeHttpClient.layerUndiciWithoutDispatcher,
    Layer.scoped(NodeHttpClient.Dispatcher, NodeTransport.makeDispatcher(options))
  )

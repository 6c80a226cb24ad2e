/**
 * The layers that the examples of REST API v2 need, over those of Adobe Pass.
 *
 * @since 0.1.0
 */
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Layer from "effect/Layer"
import {
  ConfigurationCache,
  MvpdChoice,
  PreauthorizationCache,
  ProfileCache,
  ProfilePoll,
  RestV2
} from "effect-adobe-pass-rest-v2"

/**
 * REST API v2 and all policies around it. A service provides a `KeyValueStore` of its own in place of the one in memory.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = Layer.mergeAll(
  ConfigurationCache.layer(),
  PreauthorizationCache.layer(),
  ProfilePoll.layer(),
  MvpdChoice.layer,
  ProfileCache.layer
).pipe(Layer.provideMerge(RestV2.layer), Layer.provide(KeyValueStore.layerMemory))

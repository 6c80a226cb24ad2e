/** Everything that is compared, and in which variants, by name: each runs in a process of its own, which is told a name. */
import { NodeHttpClient } from "@effect/platform-node"
import * as Layer from "effect/Layer"
import { NodeTransport } from "effect-adobe-pass-node"
import type { Contender } from "../contender.js"
import { peers } from "./index.js"
import { ours, platformClient } from "./ours.js"

/** The library where the service does not throttle. */
export const library = ours({ unthrottled: true, service: true })

export const devicePerCall = ours({
  name: "effect-adobe-pass, the device given to each call",
  unthrottled: true,
  devicePerCall: true
})

export const onPlatformTransport = ours({
  name: "effect-adobe-pass, the platform's transport",
  unthrottled: true,
  transport: Layer.provide(
    NodeHttpClient.layerUndiciWithoutDispatcher,
    Layer.scoped(NodeHttpClient.Dispatcher, NodeTransport.makeDispatcher())
  )
})

export const staticHeaders = platformClient(
  "@effect/platform, static headers, our transport",
  NodeTransport.layer()
)

export const staticHeadersOnPlatformTransport = platformClient(
  "@effect/platform, static headers, its transport",
  NodeHttpClient.layerUndici
)

const contenders: ReadonlyArray<Contender> = [
  library,
  devicePerCall,
  onPlatformTransport,
  staticHeaders,
  staticHeadersOnPlatformTransport,
  ...peers
]

export const contenderNamed = (name: string | undefined): Contender => {
  const found = contenders.find((contender) => contender.name === name)
  if (found === undefined) throw new Error(`no contender ${name}`)
  return found
}

/** Everything that is compared. Each runs in a process of its own, which is told a name. */
import * as NodeTransport from "effect-adobe-pass-node/NodeTransport"
import type { Contender } from "../contender.js"
import { azureCoreRestPipeline } from "./azureCoreRestPipeline.js"
import { fetchByHand } from "./fetch.js"
import { googleAuthLibrary } from "./googleAuthLibrary.js"
import { oauth4webapi } from "./oauth4webapi.js"
import { openidClient } from "./openidClient.js"
import { ours, platformClient } from "./ours.js"
import { undiciOidcInterceptor } from "./undiciOidcInterceptor.js"
import { undiciRequest } from "./undiciRequest.js"

/** The library where the service does not throttle. */
export const library = ours({ throttle: { burst: 1_000_000_000 } })

/** The same where it does. */
export const pacing = ours({ name: "effect-adobe-pass, pacing", throttle: { maxWait: "1 minute" } })

/** The floor for anything on Effect. */
export const staticHeaders = platformClient("@effect/platform, static headers", NodeTransport.layer())

export const libraries: ReadonlyArray<Contender> = [
  undiciOidcInterceptor,
  azureCoreRestPipeline,
  oauth4webapi,
  openidClient,
  googleAuthLibrary
]

/** What has been written by hand. */
export const byHand: ReadonlyArray<Contender> = [undiciRequest, fetchByHand]

export const peers: ReadonlyArray<Contender> = [...byHand, ...libraries]

export const contenderNamed = (name: string | undefined): Contender => {
  const found = [library, pacing, staticHeaders, ...peers].find((contender) => contender.name === name)
  if (found === undefined) throw new Error(`no contender ${name}`)
  return found
}

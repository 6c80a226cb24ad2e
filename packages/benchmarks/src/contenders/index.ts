import type { Contender } from "../contender.js"
import { axiosByHand } from "./axios.js"
import { azureCoreRestPipeline } from "./azureCoreRestPipeline.js"
import { badgateway } from "./badgateway.js"
import { fetchByHand } from "./fetch.js"
import { googleAuthLibrary } from "./googleAuthLibrary.js"
import { oauth4webapi } from "./oauth4webapi.js"
import { openidClient } from "./openidClient.js"
import { simpleOauth2 } from "./simpleOauth2.js"
import { undiciOidcInterceptor } from "./undiciOidcInterceptor.js"
import { undiciRequest } from "./undiciRequest.js"

export const peers: ReadonlyArray<Contender> = [
  openidClient,
  oauth4webapi,
  badgateway,
  simpleOauth2,
  googleAuthLibrary,
  azureCoreRestPipeline,
  undiciOidcInterceptor,
  axiosByHand,
  fetchByHand,
  undiciRequest
]

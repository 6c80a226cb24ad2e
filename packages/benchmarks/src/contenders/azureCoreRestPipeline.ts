import { Agent } from "node:http"
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest
} from "@azure/core-rest-pipeline"
import type { Contender } from "../contender.js"
import { registerByFetch, remember, tokenByFetch } from "./byHand.js"

/** A service has one for all devices. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const http = createDefaultHttpClient()

export const contender: Contender = {
  open: async (target) => {
    const { baseUrl, deviceHeaders } = target
    const registered = remember(() => registerByFetch(target))
    const credential = {
      getToken: async () => {
        const { value, expiresAt } = await tokenByFetch(target, await registered())
        return { token: value, expiresOnTimestamp: expiresAt }
      }
    }
    const secureUrl = baseUrl.replace(/^http:/, "https:")
    const pipeline = createEmptyPipeline()
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: "api" }))
    pipeline.addPolicy({
      name: "insecure",
      sendRequest: (request, next) => {
        request.url = `${baseUrl}${request.url.slice(secureUrl.length)}`
        return next(request)
      }
    })
    return {
      call: async (path) => {
        const { status } = await pipeline.sendRequest(
          http,
          createPipelineRequest({
            url: `${secureUrl}${path}`,
            headers: createHttpHeaders(deviceHeaders),
            allowInsecureConnection: true,
            agent
          })
        )
        return status
      }
    }
  }
}

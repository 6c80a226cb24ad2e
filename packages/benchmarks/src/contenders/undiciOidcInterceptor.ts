import { Agent, errors, request } from "undici"
import { createOidcInterceptor } from "undici-oidc-interceptor"
import type { Contender } from "../contender.js"
import { registerByFetch, remember } from "./byHand.js"

/** A service has one for all devices. */
const agent = new Agent({ connections: 64, pipelining: 1 })

/** It throws unless the token endpoint says 200, and lets nothing in between: it gets answers as the RFC wants them. */
export const contender: Contender = {
  open: async (target) => {
    const { baseUrl, deviceHeaders } = target
    const registered = remember(async () => {
      const { client_id, client_secret } = await registerByFetch(target)
      return agent.compose(
        createOidcInterceptor({
          clientId: client_id,
          clientSecret: client_secret,
          idpTokenUrl: `${baseUrl}/rfc/o/client/token`,
          urls: [new URL(baseUrl).origin],
          retryOnStatusCodes: [401]
        })
      )
    })
    return {
      call: async (path) => {
        const dispatcher = await registered()
        try {
          const { statusCode, body } = await request(`${baseUrl}${path}`, {
            dispatcher,
            headers: { ...deviceHeaders }
          })
          await body.text()
          return statusCode
        } catch (error) {
          // A second 401 is thrown.
          if (error instanceof errors.RequestRetryError) return error.statusCode
          throw error
        }
      }
    }
  }
}

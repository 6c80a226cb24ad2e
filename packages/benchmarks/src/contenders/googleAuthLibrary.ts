import { Agent } from "node:http"
import { gaxios, OAuth2Client } from "google-auth-library"
import type { Contender } from "../contender.js"
import { registerByFetch, remember, tokenByFetch } from "./byHand.js"

/** A service has one for all devices. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 })

export const contender: Contender = {
  open: async (target) => {
    const { baseUrl, deviceHeaders } = target
    const client = new OAuth2Client({ forceRefreshOnFailure: true, transporterOptions: { agent } })
    const registered = remember(() => registerByFetch(target))
    client.refreshHandler = async () => {
      const { value, expiresAt } = await tokenByFetch(target, await registered())
      return { access_token: value, expiry_date: expiresAt }
    }
    return {
      call: async (path) => {
        try {
          const { status } = await client.request({ url: `${baseUrl}${path}`, headers: { ...deviceHeaders } })
          return status
        } catch (error) {
          // It throws on what is not 2xx, and needs that for its own repetition.
          if (error instanceof gaxios.GaxiosError && error.status !== undefined) return error.status
          throw error
        }
      }
    }
  }
}

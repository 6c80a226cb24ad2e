import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client"
import type { Contender } from "../contender.js"
import { registerByFetch, remember } from "./byHand.js"
import { versionOf } from "./version.js"

export const badgateway: Contender = {
  name: "@badgateway/oauth2-client",
  version: versionOf("@badgateway/oauth2-client"),
  transport: "fetch",
  byHand: ["registration"],
  open: async (target) => {
    const { baseUrl, deviceHeaders } = target
    const client = new OAuth2Client({
      server: baseUrl,
      tokenEndpoint: "/o/client/token",
      authenticationMethod: "client_secret_post",
      // Known when it has registered.
      clientId: "",
      fetch: (input, init) =>
        fetch(input, {
          ...init,
          headers: { ...Object.fromEntries(new Headers(init?.headers)), ...deviceHeaders }
        })
    })
    const registered = remember(async () => {
      const { client_id, client_secret } = await registerByFetch(target)
      client.settings.clientId = client_id
      client.settings.clientSecret = client_secret
      return client
    })
    const wrapper = new OAuth2Fetch({
      client,
      getNewToken: async () => (await registered()).clientCredentials()
    })
    return {
      call: async (path) => {
        const response = await wrapper.fetch(`${baseUrl}${path}`, { headers: deviceHeaders })
        await response.text()
        return response.status
      },
      token: () => wrapper.getAccessToken(),
      close: async () => {}
    }
  }
}

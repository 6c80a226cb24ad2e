import { ClientCredentials } from "simple-oauth2"
import type { Contender } from "../contender.js"
import { callByFetch, marginSeconds, registerByFetch, remember } from "./byHand.js"
import { versionOf } from "./version.js"

export const simpleOauth2: Contender = {
  name: "simple-oauth2",
  version: versionOf("simple-oauth2"),
  transport: "fetch",
  byHand: ["registration", "token cache and single flight", "protected calls"],
  open: async (target) => {
    const registered = remember(async () => {
      const { client_id, client_secret } = await registerByFetch(target)
      return new ClientCredentials({
        client: { id: client_id, secret: client_secret },
        auth: { tokenHost: target.baseUrl, tokenPath: "/o/client/token" },
        http: { headers: { ...target.deviceHeaders } },
        options: { authorizationMethod: "body" }
      })
    })
    const token = remember(
      async () => (await registered()).getToken({}),
      (obtained) => !obtained.expired(marginSeconds)
    )
    return {
      call: async (path) => callByFetch(target, path, `${(await token()).token["access_token"]}`),
      token: undefined,
      close: async () => {}
    }
  }
}

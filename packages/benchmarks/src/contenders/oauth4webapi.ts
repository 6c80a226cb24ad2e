import * as oauth from "oauth4webapi"
import type { Contender } from "../contender.js"
import { isFresh, remember, rfcRegisterAnswer, rfcTokenAnswer, tokenOf } from "./byHand.js"

export const contender: Contender = {
  open: async ({ baseUrl, softwareStatement, deviceHeaders }) => {
    const server: oauth.AuthorizationServer = {
      issuer: baseUrl,
      registration_endpoint: `${baseUrl}/o/client/register`,
      token_endpoint: `${baseUrl}/o/client/token`
    }
    const insecure = { [oauth.allowInsecureRequests]: true }
    const withDevice = { headers: { ...deviceHeaders }, ...insecure }
    const registered = remember(async () =>
      oauth.processDynamicClientRegistrationResponse(
        await rfcRegisterAnswer(
          await oauth.dynamicClientRegistrationRequest(
            server,
            { software_statement: softwareStatement },
            withDevice
          )
        )
      )
    )
    const token = remember(async () => {
      const client = await registered()
      const authentication = oauth.ClientSecretPost(`${client.client_secret}`)
      const { access_token, expires_in = 0 } = await oauth.processClientCredentialsResponse(
        server,
        client,
        rfcTokenAnswer(
          await oauth.clientCredentialsGrantRequest(server, client, authentication, {}, withDevice)
        )
      )
      return tokenOf({ access_token, expires_in })
    }, isFresh)
    return {
      call: async (path) => {
        const { value } = await token()
        const response = await oauth.protectedResourceRequest(
          value,
          "GET",
          new URL(`${baseUrl}${path}`),
          new Headers(deviceHeaders),
          undefined,
          insecure
        )
        await response.text()
        return response.status
      }
    }
  }
}

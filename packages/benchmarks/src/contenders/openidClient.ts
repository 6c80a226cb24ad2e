import * as client from "openid-client"
import type { Contender } from "../contender.js"
import { marginSeconds, remember, rfcRegisterAnswer, rfcTokenAnswer } from "./byHand.js"

export const contender: Contender = {
  open: async ({ baseUrl, softwareStatement, deviceHeaders }) => {
    const server = new URL(baseUrl)
    const endpoints = {
      issuer: server.href,
      registration_endpoint: `${baseUrl}/o/client/register`,
      token_endpoint: `${baseUrl}/o/client/token`
    }
    const shim: client.CustomFetch = async (url, options) => {
      const init = { ...options, body: options.body ?? null }
      const withDevice = { ...init, headers: { ...options.headers, ...deviceHeaders } }
      switch (url) {
        case `${server.href}.well-known/openid-configuration`:
          return Response.json(endpoints)
        case endpoints.registration_endpoint:
          return rfcRegisterAnswer(await fetch(url, withDevice))
        case endpoints.token_endpoint:
          return rfcTokenAnswer(await fetch(url, withDevice))
        default:
          return fetch(url, init)
      }
    }
    const registered = remember(() =>
      client.dynamicClientRegistration(
        server,
        { software_statement: softwareStatement },
        client.ClientSecretPost(),
        { execute: [client.allowInsecureRequests], [client.customFetch]: shim }
      )
    )
    const token = remember(
      async () => client.clientCredentialsGrant(await registered()),
      (answer) => (answer.expiresIn() ?? 0) > marginSeconds
    )
    return {
      call: async (path) => {
        const { access_token } = await token()
        const response = await client.fetchProtectedResource(
          await registered(),
          access_token,
          new URL(`${baseUrl}${path}`),
          "GET",
          undefined,
          new Headers(deviceHeaders)
        )
        await response.text()
        return response.status
      }
    }
  }
}

import { Agent, type Dispatcher, request } from "undici"
import type { Contender } from "../contender.js"
import { isFresh, type RegisterAnswer, remember, type TokenAnswer, tokenForm, tokenOf } from "./byHand.js"

/** A service has one for all devices. */
const dispatcher = new Agent({ connections: 64, pipelining: 1 })

const textOf = async ({ statusCode, body }: Dispatcher.ResponseData): Promise<string> => {
  const text = await body.text()
  if (statusCode >= 300) throw new Error(`${statusCode} ${text}`)
  return text
}

export const contender: Contender = {
  open: async ({ baseUrl, softwareStatement, deviceHeaders }) => {
    const registered = remember(async () => {
      const answer: RegisterAnswer = JSON.parse(
        await textOf(
          await request(`${baseUrl}/o/client/register`, {
            dispatcher,
            method: "POST",
            headers: { ...deviceHeaders, "content-type": "application/json" },
            body: JSON.stringify({ software_statement: softwareStatement })
          })
        )
      )
      return answer
    })
    const token = remember(async () => {
      const answer: TokenAnswer = JSON.parse(
        await textOf(
          await request(`${baseUrl}/o/client/token`, {
            dispatcher,
            method: "POST",
            headers: { ...deviceHeaders, "content-type": "application/x-www-form-urlencoded" },
            body: tokenForm(await registered()).toString()
          })
        )
      )
      return tokenOf(answer)
    }, isFresh)
    return {
      call: async (path) => {
        const { value } = await token()
        const { statusCode, body } = await request(`${baseUrl}${path}`, {
          dispatcher,
          headers: { ...deviceHeaders, authorization: `Bearer ${value}` }
        })
        await body.text()
        return statusCode
      }
    }
  }
}

import { Agent } from "node:http"
import axios from "axios"
import type { Contender } from "../contender.js"
import { isFresh, type RegisterAnswer, remember, type TokenAnswer, tokenForm, tokenOf } from "./byHand.js"
import { versionOf } from "./version.js"

export const axiosByHand: Contender = {
  name: "hand-written with axios",
  version: versionOf("axios"),
  transport: "node:http",
  byHand: ["registration", "token", "token cache and single flight"],
  open: async ({ baseUrl, softwareStatement, deviceHeaders }) => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 64 })
    const http = axios.create({ baseURL: baseUrl, headers: { ...deviceHeaders }, httpAgent })
    const registered = remember(async () => {
      const { data } = await http.post<RegisterAnswer>("/o/client/register", {
        software_statement: softwareStatement
      })
      return data
    })
    const token = remember(async () => {
      const { data } = await http.post<TokenAnswer>("/o/client/token", tokenForm(await registered()))
      return tokenOf(data)
    }, isFresh)
    return {
      call: async (path) => {
        const { value } = await token()
        const { status } = await http.get(path, {
          headers: { authorization: `Bearer ${value}` },
          validateStatus: () => true
        })
        return status
      },
      token: undefined,
      close: async () => httpAgent.destroy()
    }
  }
}

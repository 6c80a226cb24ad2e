/** Reset TempPass: gives temporary accesses back. */
import * as Option from "effect/Option"
import type { ReceivedRequest } from "../Traffic.js"
import { empty, html } from "./answer.js"
import type { Endpoint } from "./endpoint.js"
import { bearer } from "./protectedApi.js"
import { deviceHolder, identityHolder } from "./restV2/tempPassUse.js"

/** Which temporary accesses are meant: of one holder, or of all. */
const meant = (request: ReceivedRequest, parameters: URLSearchParams): string | undefined => {
  const isGeneric = request.path.replace(/\/$/, "").endsWith("/generic")
  const holder = parameters.get(isGeneric ? "key" : "device_id")
  if (holder === null || holder === "all") return undefined
  return isGeneric ? identityHolder(holder) : deviceHolder(holder)
}

/** Unlike `/api/v2/`, it distinguishes an invalid token (401) from a revoked client (403). */
export const resetTempPass: Endpoint = ({ nowMillis, registry, request, restV2 }) => {
  if (request.method !== "DELETE") return html(405, "Not Allowed")
  const token = bearer({ registry, nowMillis, request })
  if (token._tag !== "Valid") return empty(401)
  if (Option.isNone(token.client)) return empty(403)
  const parameters = new URLSearchParams(request.query)
  const [serviceProvider, mvpd] = [parameters.get("requestor_id"), parameters.get("mvpd_id")]
  if (serviceProvider === null || mvpd === null) return empty(400)
  const holder = meant(request, parameters)
  restV2.tempPasses.reset(
    (use) =>
      use.serviceProvider === serviceProvider &&
      use.mvpd === mvpd &&
      (holder === undefined || use.holder === holder)
  )
  return empty(204)
}

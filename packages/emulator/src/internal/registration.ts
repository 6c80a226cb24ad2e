/** `/o/client/register` and `/o/client/token`. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ReceivedRequest } from "../Traffic.js"
import { type Answer, html, oauthError, secretJson } from "./answer.js"
import { hasRepeatedMember } from "./jsonMembers.js"
import type { Application, Registry } from "./registry.js"
import type { Settings } from "./settings.js"

const decodeRegistration = Schema.decodeOption(
  Schema.parseJson(
    Schema.Struct({
      software_statement: Schema.NonEmptyString,
      redirect_uri: Schema.optional(Schema.String)
    })
  )
)

const mayRedirectTo = (application: Application, uri: string): boolean => {
  if (!URL.canParse(uri)) return false
  const { hostname, protocol } = new URL(uri)
  return (
    application.redirectDomains?.some(
      (domain) => hostname === domain || hostname.endsWith(`.${domain}`) || protocol === `${domain}:`
    ) ?? true
  )
}

export const register = (
  registry: Registry,
  settings: Settings,
  nowMillis: number,
  request: ReceivedRequest
): Answer => {
  if (request.method !== "POST") return html(405, "Not Allowed")
  const registration = Option.getOrUndefined(decodeRegistration(request.body))
  if (registration === undefined || hasRepeatedMember(request.body)) return oauthError("invalid_request")
  const { redirect_uri, software_statement } = registration
  const application = Option.getOrUndefined(registry.applicationOf(software_statement))
  if (application === undefined) return oauthError("invalid_software_statement")
  if (!registry.isApproved(application)) return oauthError("unapproved_software_statement")
  if (redirect_uri !== undefined && !mayRedirectTo(application, redirect_uri)) {
    return oauthError("invalid_redirect_uri")
  }
  const client = registry.addClient(application)
  return secretJson(201, {
    client_id: client.id,
    client_secret: client.secret,
    client_id_issued_at: settings.issuedAtUnit === "s" ? Math.floor(nowMillis / 1000) : nowMillis,
    redirect_uris: redirect_uri === undefined ? [] : [redirect_uri],
    grant_types: ["client_credentials"],
    scopes: application.scopes
  })
}

const required = ["client_id", "client_secret", "grant_type"] as const

/** Grants that OAuth knows and that no Adobe Pass application may use. */
const foreignGrants = ["authorization_code", "implicit", "password", "refresh_token"]

/** Parameters count wherever they are: in the form, in the query, and a body of another type is not looked at. */
const tokenParameters = (request: ReceivedRequest): URLSearchParams => {
  const parameters = new URLSearchParams(request.query)
  if (/^application\/x-www-form-urlencoded\b/i.test(request.headers["content-type"] ?? "")) {
    for (const [name, value] of new URLSearchParams(request.body)) parameters.append(name, value)
  }
  return parameters
}

export const token = (
  registry: Registry,
  settings: Settings,
  nowMillis: number,
  request: ReceivedRequest
): Answer => {
  if (request.method !== "POST") return html(405, "Not Allowed")
  if (/^basic\b/i.test(request.headers["authorization"] ?? "")) return oauthError("invalid_request")
  const parameters = tokenParameters(request)
  const values = required.map((name) => parameters.getAll(name))
  if (values.some((value) => value.length !== 1 || value[0] === "")) return oauthError("invalid_request")
  const [[id = ""] = [], [secret = ""] = [], [grant = ""] = []] = values
  if (grant !== "client_credentials" && !foreignGrants.includes(grant)) {
    return oauthError("unsupported_grant_type")
  }
  const client = Option.getOrUndefined(Option.filter(registry.client(id), (known) => known.secret === secret))
  if (client === undefined) return oauthError("invalid_client")
  if (grant !== "client_credentials") return oauthError("unauthorized_client")
  const issued = registry.addToken(client, nowMillis, settings.tokenTtlSeconds)
  return secretJson(201, {
    id: issued.id,
    access_token: issued.accessToken,
    created_at: nowMillis,
    expires_in: settings.tokenTtlSeconds,
    token_type: "bearer"
  })
}

/** `/o/client/register` and `/o/client/token`. */
import * as Crypto from "node:crypto"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ReceivedRequest } from "../Traffic.js"
import { html, oauthError, secretJson } from "./answer.js"
import type { Endpoint } from "./endpoint.js"
import { hasRepeatedMember } from "./jsonMembers.js"
import type { Application, Registry } from "./registry.js"

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

/** The application that a request to register or for a token is about, as far as the request names one. */
export const applicationOf = (
  { body, path, ...request }: ReceivedRequest,
  registry: Registry
): Option.Option<Application> =>
  path === "/o/client/register"
    ? Option.flatMap(decodeRegistration(body), ({ software_statement }) =>
        registry.applicationOf(software_statement)
      )
    : Option.map(
        registry.client(tokenParameters({ ...request, body, path }).get("client_id") ?? ""),
        ({ application }) => application
      )

export const register: Endpoint = ({ nowMillis, registry, request, settings }) => {
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

const requiredParameters = ["client_id", "client_secret", "grant_type"] as const

/** Grants of OAuth that Adobe Pass allows no application. */
const disallowedGrants = ["authorization_code", "implicit", "password", "refresh_token"]

/** Parameters may be in the query, in the form, or in both. A body of another content type is ignored. */
const tokenParameters = (request: ReceivedRequest): URLSearchParams => {
  const parameters = new URLSearchParams(request.query)
  if (/^application\/x-www-form-urlencoded\b/i.test(request.headers["content-type"] ?? "")) {
    for (const [name, value] of new URLSearchParams(request.body)) parameters.append(name, value)
  }
  return parameters
}

export const token: Endpoint = ({ nowMillis, registry, request, settings }) => {
  if (request.method !== "POST") return html(405, "Not Allowed")
  if (/^basic\b/i.test(request.headers["authorization"] ?? "")) return oauthError("invalid_request")
  const parameters = tokenParameters(request)
  const values = requiredParameters.map((name) => parameters.getAll(name))
  if (values.some((value) => value.length !== 1 || value[0] === "")) return oauthError("invalid_request")
  const [[id = ""] = [], [secret = ""] = [], [grant = ""] = []] = values
  if (grant !== "client_credentials" && !disallowedGrants.includes(grant)) {
    return oauthError("unsupported_grant_type")
  }
  const client = Option.getOrUndefined(Option.filter(registry.client(id), (known) => known.secret === secret))
  if (client === undefined) return oauthError("invalid_client")
  if (grant !== "client_credentials") return oauthError("unauthorized_client")
  const ttlSeconds = Math.floor(Duration.toSeconds(settings.clientTtls.get(id) ?? settings.tokenTtl))
  const accessToken = registry.addToken(client, nowMillis, ttlSeconds)
  return secretJson(201, {
    id: Crypto.randomUUID(),
    access_token: accessToken,
    created_at: nowMillis,
    expires_in: ttlSeconds,
    token_type: "bearer"
  })
}

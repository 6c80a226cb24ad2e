/** Whether the token has the scope of the API that it is for, and one call to that API. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { AdobePassError, ProtectedCallError } from "effect-adobe-pass/AdobePassError"
import { CurrentDevice, CurrentInstance } from "effect-adobe-pass/Device"
import type * as Environment from "effect-adobe-pass/Environment"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import type * as Caller from "../Caller.js"
import { ExitCode } from "../ExitCode.js"
import { type Api, apis } from "./apis.js"
import { type Asked, type Check, type Finding, need } from "./check.js"
import { error, failure, note, ok } from "./findings.js"

/** A cheap call of an API, or why none is made. */
type Probe = { readonly path: string } | { readonly reason: string }

const probeOf = ({ api, serviceProvider }: Asked): Probe => {
  switch (api) {
    case "rest-v2":
      return serviceProvider === undefined
        ? { reason: "name one of yours with --service-provider to have its configuration read" }
        : { path: `/api/v2/${encodeURIComponent(serviceProvider)}/configuration` }
    case "esm":
      return { path: "/esm/v3.json?limit=1" }
    case "cmu":
    case "degradation":
    case "proxy-mvpd":
    case "reset-tempass":
      return { reason: "it has no call that is cheap and changes nothing" }
  }
}

/** A token that does not tell its scopes may have them all. */
const scopeOf = ({ scopes, title }: Api, granted: ReadonlyArray<string>): Finding => {
  const needed = scopes.join(" or ")
  if (granted.length === 0) {
    return note(`The token does not tell its scopes; ${title} needs ${needed}.`)
  }
  return scopes.some((scope) => granted.includes(scope))
    ? ok(`The token has the scope of ${title}.`)
    : error(
        ExitCode.refused,
        `The token lacks the scope ${needed} of ${title}; it has ${granted.join(", ")}.`,
        "Create a registered application with that scope in the TVE Dashboard, and use its software statement."
      )
}

const request = (
  { _tag, device }: Caller.Caller,
  url: string
): Effect.Effect<number, ProtectedCallError, ProtectedClient.ProtectedClient> =>
  Effect.gen(function* () {
    const adobe = yield* ProtectedClient.ProtectedClient
    const answer =
      _tag === "Device"
        ? Effect.provideService(adobe.get(url), CurrentDevice, device)
        : Effect.provideService(adobe.withoutDevice.get(url), CurrentInstance, device)
    return (yield* ProtectedClient.buffered(yield* answer)).status
  })

const allowList =
  "Management APIs answer so to an address that is not on Adobe's allow-list: have Adobe support add the public address of this machine."

const adviceFor = (error: AdobePassError, { host, title }: Api): string | undefined => {
  const status = "status" in error ? error.status : undefined
  if ("code" in error && error.code === "invalid_parameter_service_provider") {
    return "Give the id of a service provider that the application is linked to with --service-provider."
  }
  if (host === "mgmt" && (status === 401 || status === 403)) return allowList
  if (host === "mgmt" && status === 404)
    return `This host does not serve ${title}: check ADOBE_PASS_MGMT_URL.`
  return undefined
}

const called = (caller: Caller.Caller, environment: Environment.Environment, api: Api, path: string) =>
  Effect.map(Effect.either(request(caller, environment[api.host] + path)), (result) =>
    Either.match(result, {
      onLeft: (problem) => failure(problem, adviceFor(problem, api)),
      onRight: (status) => ok(`GET ${path} is answered with ${status}.`)
    })
  )

export const call: Check = {
  name: "api",
  run: (facts, asked) =>
    Effect.gen(function* () {
      const { scopes } = yield* need(facts, "token")
      const [caller, environment, services] = yield* Effect.all([
        need(facts, "caller"),
        need(facts, "environment"),
        need(facts, "services")
      ])
      const api: Api = apis[asked.api]
      const scope = scopeOf(api, scopes)
      if (scope.severity === "error") return { findings: [scope] }
      const probe = probeOf(asked)
      if ("reason" in probe) {
        return { findings: [scope, note(`No call to ${api.title} was made: ${probe.reason}.`)] }
      }
      const answer = yield* Effect.provide(called(caller, environment, api, probe.path), services)
      return { findings: [scope, answer] }
    })
}

/** One call for a report, and what its refusals mean. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import type {
  AccessTokenRejected,
  ProtectedCallError,
  RequestRejected
} from "effect-adobe-pass/AdobePassError"
import { CurrentInstance, type Device } from "effect-adobe-pass/Device"
import { ProtectedClient } from "effect-adobe-pass/ProtectedClient"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import { Sessions } from "effect-adobe-pass/Sessions"
import { CommandFailed, ExitCode } from "../ExitCode.js"
import { pathOf, type ReportRequest } from "./reportRequest.js"
import { shown } from "./shown.js"

export type Services = ProtectedClient | RegisteredApplication | Sessions

const refused = (message: string) => new CommandFailed({ exitCode: ExitCode.refused, message })

const advice =
  "reports need a registered application with the scope analytics:client, and a caller whose address is on Adobe's allow-list"

/** The scopes of the token, which it says itself. */
const scopesOf = (device: Device) =>
  Effect.flatMap(Sessions, (sessions) => sessions.accessToken(device)).pipe(
    Effect.map(({ scopes }) => scopes.join(", ") || "none"),
    Effect.orElseSucceed(() => "unknown scopes")
  )

const explained = (
  { dimensions }: ReportRequest,
  device: Device,
  error: RequestRejected | AccessTokenRejected
): Effect.Effect<never, RequestRejected | AccessTokenRejected | CommandFailed, Sessions> => {
  const text = error.serverMessage === undefined ? undefined : shown(error.serverMessage)
  switch (error.status) {
    case 400:
      return refused(`Adobe Pass cannot make this report (400)${text === undefined ? "." : `: ${text}`}`)
    case 401:
      return refused(`Adobe Pass refuses a fresh access token (401): ${advice}.`)
    case 403:
      return Effect.flatMap(scopesOf(device), (scopes) =>
        refused(`Adobe Pass refuses the report (403): ${advice}; this token has ${scopes}.`)
      )
    case 404: {
      const above = dimensions.slice(0, -1).join("/") || "/"
      return refused(
        `There is no report at ${pathOf(dimensions)} (404): follow the links, which adobe-pass esm --links ${above} shows.`
      )
    }
    default:
      return Effect.fail(error)
  }
}

/** The answer with a report. Calls are made as an instance, one after the other, and ask for compression. */
export const ask = (
  request: ReportRequest,
  format: "json" | "csv",
  device: Device
): Effect.Effect<HttpClientResponse.HttpClientResponse, ProtectedCallError | CommandFailed, Services> =>
  Effect.gen(function* () {
    const { withoutDevice } = yield* ProtectedClient
    const { environment } = yield* RegisteredApplication
    const query = [...request.query, `format=${format}`].join("&")
    return yield* withoutDevice
      .get(`${environment.mgmt}${pathOf(request.dimensions)}?${query}`, {
        headers: { "accept-encoding": "gzip, deflate" }
      })
      .pipe(
        Effect.provideService(CurrentInstance, device),
        Effect.catchTags({
          RequestRejected: (error) => explained(request, device, error),
          AccessTokenRejected: (error) => explained(request, device, error)
        })
      )
  })

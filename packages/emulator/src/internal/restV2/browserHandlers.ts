/** The operation of the group `browser`, whose errors are pages for people. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import { type Answer, empty, html } from "../answer.js"
import { toResponse } from "./answering.js"
import { Emulated, now } from "./emulated.js"
import { missingOf } from "./nextStep.js"
import { isOpen } from "./sessionStore.js"

/** As Adobe's first hop, with the code in place of a cookie. */
const loginPage = (code: string, query: Readonly<Record<string, string>>): Answer => ({
  ...empty(302),
  headers: [["location", `/adobe-services/authenticate?${new URLSearchParams({ ...query, code })}`]]
})

export const browserHandlers = HttpApiBuilder.group(RestV2Api, "browser", (handlers) =>
  handlers.handle("authenticate", ({ path }) =>
    Effect.zipWith(Emulated, now, ({ restV2 }, nowMillis) => {
      const session = restV2.sessions.find(path.code)
      if (
        session === undefined ||
        session.serviceProvider !== path.serviceProvider ||
        !isOpen(session, nowMillis) ||
        missingOf(session.parameters).length > 0
      ) {
        return toResponse(html(400, "Bad Request"))
      }
      const { domainName = "", mvpd = "", redirectUrl = "" } = session.parameters
      return toResponse(
        loginPage(path.code, {
          noflash: "true",
          mso_id: mvpd,
          requestor_id: path.serviceProvider,
          no_iframe: "false",
          domain_name: domainName,
          redirect_url: redirectUrl
        })
      )
    })
  )
)

/** The operation of the group `browser`, whose errors are pages for people. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import { type Answer, empty } from "../answer.js"
import { noLogin } from "../pages/worldPages.js"
import { toResponse } from "./answering.js"
import * as Browser from "./browser.js"
import { Emulated, now } from "./emulated.js"

/** As Adobe's first hop, with the code in place of a cookie. */
const toLoginPage = ({ code, domainName, mvpd, redirectUrl, serviceProvider }: Browser.Login): Answer => {
  const query = new URLSearchParams({
    noflash: "true",
    mso_id: mvpd.id,
    requestor_id: serviceProvider.id,
    no_iframe: "false",
    domain_name: domainName,
    redirect_url: redirectUrl,
    code
  })
  return { ...empty(302), headers: [["location", `/adobe-services/authenticate?${query}`]] }
}

export const browserHandlers = HttpApiBuilder.group(RestV2Api, "browser", (handlers) =>
  handlers.handle("authenticate", ({ path }) =>
    Effect.zipWith(Emulated, now, ({ restV2 }, nowMillis) =>
      Browser.login(restV2, path.code, nowMillis).pipe(
        Either.filterOrLeft(
          ({ serviceProvider }) => serviceProvider.id === path.serviceProvider,
          () => "unknown" as const
        ),
        Either.match({ onLeft: noLogin, onRight: toLoginPage }),
        toResponse
      )
    )
  )
)

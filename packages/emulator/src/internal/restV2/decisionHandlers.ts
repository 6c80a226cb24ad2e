/** The operations of the group `decisions`. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import { answering } from "./answering.js"
import { caller } from "./caller.js"
import { type Asked, decisionsOn } from "./decide.js"
import { identityOf } from "./signedIn.js"

type Request = Parameters<typeof caller>[0]

const decided = (request: Request, asked: Omit<Parameters<typeof decisionsOn>[0], "from">) =>
  answering(Effect.flatMap(caller(request), (from) => decisionsOn({ ...asked, from })))

const ofHeaders = (
  headers: Parameters<typeof identityOf>[0] & {
    readonly "ap-temppass-identity"?: Asked["tempPassIdentity"]
  }
) => ({ identity: identityOf(headers), tempPassIdentity: headers["ap-temppass-identity"] })

export const decisionHandlers = HttpApiBuilder.group(RestV2Api, "decisions", (handlers) =>
  handlers
    .handle("authorize", ({ headers, path, payload, request }) =>
      decided(request, { kind: "authorize", ...path, ...payload, ...ofHeaders(headers) })
    )
    .handle("preauthorize", ({ headers, path, payload, request }) =>
      decided(request, { kind: "preauthorize", ...path, ...payload, ...ofHeaders(headers) })
    )
)

/** REST API v2 as a server of the contract, between the requests and answers of the emulator. */
import * as Headers from "@effect/platform/Headers"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Scope } from "effect/Scope"
import { AccessToken, RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import type { ReceivedRequest } from "../../Traffic.js"
import { type Answer, html } from "../answer.js"
import type { State } from "../state.js"
import { toAnswer, toResponse } from "./answering.js"
import { browserHandlers } from "./browserHandlers.js"
import { client } from "./caller.js"
import { configurationHandlers } from "./configurationHandlers.js"
import { decisionHandlers } from "./decisionHandlers.js"
import { Emulated } from "./emulated.js"
import { answerOf } from "./failures.js"
import { logoutHandlers } from "./logoutHandlers.js"
import { contentTypeOf, methodsOf, withoutTrailingSlash } from "./operations.js"
import { partnerHandlers } from "./partnerHandlers.js"
import { profileHandlers } from "./profileHandlers.js"
import { readableHeaders } from "./readableHeaders.js"
import { sessionHandlers } from "./sessionHandlers.js"

/** Adobe refuses some tokens without a body, which the contract cannot: the response goes past it as a defect. */
const accessToken = Layer.effect(
  AccessToken,
  Effect.map(Emulated, (state) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      client(request).pipe(
        Effect.catchTag("Refused", ({ answer }) => Effect.die(toResponse(answer))),
        Effect.provideService(Emulated, state),
        Effect.asVoid
      )
    )
  )
)

const handlers = Layer.mergeAll(
  configurationHandlers,
  sessionHandlers,
  browserHandlers,
  partnerHandlers,
  profileHandlers,
  decisionHandlers,
  logoutHandlers
)

/** The router of the contract's own server, without its encoding of errors: Adobe Pass has other words for them. */
const makeApp = (state: State) =>
  Effect.flatMap(HttpApiBuilder.Router.router, HttpRouter.toHttpApp).pipe(
    Effect.zip(Effect.context<HttpRouter.HttpRouter.DefaultServices>()),
    Effect.map(([app, services]) =>
      Effect.mapInputContext(app, (ofCall: Context.Context<HttpServerRequest.HttpServerRequest | Scope>) =>
        Context.merge(services, ofCall)
      )
    ),
    Effect.provide(
      HttpApiBuilder.api(RestV2Api).pipe(
        Layer.provide(handlers),
        Layer.provide(accessToken),
        Layer.provide(Layer.succeed(Emulated, state)),
        Layer.provideMerge(Layer.merge(HttpApiBuilder.Router.Live, HttpServer.layerContext))
      )
    )
  )

const serverRequest = ({ body, headers, method, query }: ReceivedRequest, path: string) => {
  const hasBody = method !== "GET" && method !== "HEAD"
  const url = `http://emulator${path}${query === "" ? "" : `?${query}`}`
  return HttpServerRequest.fromWeb(new Request(url, { method, ...(hasBody ? { body } : {}) })).modify({
    headers: Headers.fromInput({ ...readableHeaders(headers), "content-type": contentTypeOf(path) })
  })
}

/** Answers requests under `/api/v2/`. The server is built when the first one comes. */
export const restV2Api = (state: State): ((request: ReceivedRequest) => Effect.Effect<Answer>) => {
  let built: Effect.Effect.Success<ReturnType<typeof makeApp>> | undefined
  const app = Effect.suspend(() =>
    built === undefined
      ? Effect.tap(makeApp(state), (made) => {
          built = made
        })
      : Effect.succeed(built)
  )
  return (request) => {
    const path = withoutTrailingSlash(request.path)
    const methods = methodsOf(path)
    if (methods.length === 0) return Effect.succeed(html(404, "Not Found"))
    if (!methods.includes(request.method)) return Effect.succeed(html(405, "Not Allowed"))
    return Effect.flatten(app).pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, serverRequest(request, path)),
      Effect.matchCauseEffect({
        onFailure: answerOf,
        onSuccess: (response) => Effect.succeed(toAnswer(response))
      }),
      Effect.scoped
    )
  }
}

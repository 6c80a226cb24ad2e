/** What happens to one request: fault, log, throttle, endpoint. Both transports use it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { Fault } from "../Fault.js"
import type { ReceivedRequest, Route } from "../Traffic.js"
import { type Answer, html, tooManyRequests, withCommonHeaders } from "./answer.js"
import type { Endpoint } from "./endpoint.js"
import type { QueuedFault } from "./faultQueue.js"
import type { Answered, Handler, Outcome } from "./outcome.js"
import { api, resetTempPass } from "./protectedApi.js"
import { register, token } from "./registration.js"
import type { Settings } from "./settings.js"
import type { State } from "./state.js"

const routeOf = (path: string): Route => {
  if (path === "/o/client/register") return "register"
  if (path === "/o/client/token") return "token"
  if (path.startsWith("/api/v2/")) return "api"
  if (path.startsWith("/reset-tempass/v3/")) return "management"
  return "other"
}

const endpoints: Readonly<Record<Route, Endpoint>> = {
  register,
  token,
  api,
  management: resetTempPass,
  other: () => html(404, "Not Found")
}

/** Answers by the server's clock, which a script may skew. */
const answered = (
  state: State,
  answer: (nowMillis: number, settings: Settings) => Answer
): Effect.Effect<Answered> =>
  Effect.zipWith(Clock.currentTimeMillis, Ref.get(state.settings), (now, settings) => {
    const nowMillis = now + settings.skewMillis
    return { _tag: "Answered", answer: withCommonHeaders(answer(nowMillis, settings), nowMillis) }
  })

const applyFault = (state: State, fault: Fault, normal: Effect.Effect<Answered>): Effect.Effect<Outcome> => {
  switch (fault._tag) {
    case "Answer": {
      const { body, headers, status } = fault
      return answered(state, () => ({ status, headers: Object.entries(headers), body }))
    }
    case "Delay":
      return fault.moment === "before-handling"
        ? Effect.delay(normal, fault.duration)
        : Effect.tap(normal, () => Effect.sleep(fault.duration))
    case "Hang":
      return fault.moment === "before-handling" ? Effect.never : Effect.zipRight(normal, Effect.never)
    case "Reset":
      return Effect.as(fault.moment === "before-handling" ? Effect.void : normal, { _tag: "Reset" })
    case "Truncate":
      return Effect.map(normal, ({ answer }) => ({ _tag: "Truncated", answer }))
    case "Refuse":
      return Effect.succeed({ _tag: "Refused" })
  }
}

const respond = (
  state: State,
  route: Route,
  request: ReceivedRequest,
  arrivedAt: number,
  queued: QueuedFault | undefined
): Effect.Effect<Outcome> => {
  if (!state.throttle.accepts(request, arrivedAt)) {
    state.log.countThrottled()
    return answered(state, tooManyRequests)
  }
  const normal = answered(state, (nowMillis, settings) =>
    endpoints[route]({ registry: state.registry, settings, nowMillis, request })
  )
  if (queued === undefined) return normal
  state.faults.use(queued)
  return applyFault(state, queued.options.fault, normal)
}

export const handler =
  (state: State): Handler =>
  (request) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const route = routeOf(request.path)
      const queued = state.faults.find(route, request)
      // A refused connection carries no request: nothing to log or to throttle.
      if (queued?.options.fault._tag === "Refuse") {
        state.faults.use(queued)
        return Effect.succeed<Outcome>({ _tag: "Refused" })
      }
      const complete = state.log.add(route, request, now)
      return respond(state, route, request, now, queued).pipe(
        Effect.onExit((exit) => Effect.sync(() => complete(exit)))
      )
    })

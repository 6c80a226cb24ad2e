/** What happens to one request: fault, log, throttle, endpoint. Both transports use it. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import type { Fault, Moment } from "../Fault.js"
import type { ReceivedRequest, Route } from "../Traffic.js"
import { type Answer, tooManyRequests, withCommonHeaders } from "./answer.js"
import { echo } from "./echo.js"
import type { Endpoint } from "./endpoint.js"
import { esm, isEsm } from "./esm/esm.js"
import type { Strike } from "./faultQueue.js"
import type { Answered, Handler, Outcome } from "./outcome.js"
import { worldPages } from "./pages/worldPages.js"
import { register, token } from "./registration.js"
import { resetTempPass } from "./resetTempPass.js"
import { restV2Api } from "./restV2/app.js"
import { serverTime } from "./serverClock.js"
import type { Settings } from "./settings.js"
import type { State } from "./state.js"

const routeOf = (path: string): Route => {
  if (path === "/o/client/register") return "register"
  if (path === "/o/client/token") return "token"
  if (path.startsWith("/api/v2/")) return "api"
  if (path.startsWith("/reset-tempass/v3/") || isEsm(path)) return "management"
  return "other"
}

const management: Endpoint = (call) => (isEsm(call.request.path) ? esm(call) : resetTempPass(call))

const endpoints: Readonly<Record<Route, Endpoint>> = {
  register,
  token,
  api: echo,
  management,
  other: worldPages
}

/** Answers by the server's clock. Each request takes these steps, so they are few. */
const answered = (
  { settings }: State,
  answer: (nowMillis: number, settings: Settings) => Effect.Effect<Answer>
): Effect.Effect<Answered> =>
  Effect.flatMap(Effect.zip(Clock.currentTimeMillis, Ref.get(settings)), ([now, current]) => {
    const nowMillis = serverTime(now, current)
    return Effect.map(answer(nowMillis, current), (complete) => ({
      _tag: "Answered",
      answer: withCommonHeaders(complete, nowMillis)
    }))
  })

const late = (normal: Effect.Effect<Answered>, duration: Duration.Duration, moment: Moment) =>
  moment === "before-handling"
    ? Effect.delay(normal, duration)
    : Effect.tap(normal, () => Effect.sleep(duration))

/** A duration of the log-normal distribution with this median and 99th percentile. */
const drawn = (fault: { readonly median: Duration.Duration; readonly p99: Duration.Duration }) =>
  Effect.zipWith(Random.next, Random.next, (a, b) => {
    const [median, p99] = [Duration.toMillis(fault.median), Duration.toMillis(fault.p99)]
    const normal = Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b)
    const deviation = Math.log(Math.max(1, p99) / Math.max(1, median)) / 2.326_347_874
    return Duration.millis(Math.round(median * Math.exp(normal * deviation)))
  })

const applyFault = (state: State, fault: Fault, normal: Effect.Effect<Answered>): Effect.Effect<Outcome> => {
  switch (fault._tag) {
    case "Answer": {
      const { body, headers, status } = fault
      return answered(state, () => Effect.succeed({ status, headers: Object.entries(headers), body }))
    }
    case "Delay":
      return late(normal, fault.duration, fault.moment)
    case "Latency":
      return Effect.flatMap(drawn(fault), (duration) => late(normal, duration, fault.moment))
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

/** An emulator, and its REST API v2. */
interface Played {
  readonly state: State
  readonly api: (request: ReceivedRequest) => Effect.Effect<Answer>
}

const respond = (
  { api, state }: Played,
  route: Route,
  request: ReceivedRequest,
  arrivedAt: number,
  strike: Strike | undefined
): Effect.Effect<Outcome> => {
  if (!state.throttle.accepts(request, arrivedAt)) {
    state.log.countThrottled()
    return answered(state, (nowMillis) => Effect.succeed(tooManyRequests(nowMillis)))
  }
  const normal = answered(state, (nowMillis, settings) =>
    route === "api" && settings.restV2 === "emulated"
      ? api(request)
      : Effect.succeed(
          endpoints[route]({ registry: state.registry, restV2: state.restV2, settings, nowMillis, request })
        )
  )
  if (strike === undefined) return normal
  strike.use()
  return applyFault(state, strike.fault, normal)
}

const serve = (
  played: Played,
  route: Route,
  request: ReceivedRequest,
  arrivedAt: number,
  scripted: Strike | undefined
): Effect.Effect<Outcome> => {
  const { state } = played
  const strike = scripted ?? state.carriedFaults.find(route, request, state.registry)
  // A refused connection carries no request: nothing to log or to throttle.
  if (strike?.fault._tag === "Refuse") {
    strike.use()
    return Effect.succeed({ _tag: "Refused" })
  }
  const complete = state.log.add(route, request, arrivedAt)
  return respond(played, route, request, arrivedAt, strike).pipe(
    Effect.onExit((exit) => Effect.sync(() => complete(exit)))
  )
}

export const handler = (state: State): Handler => {
  const played: Played = { state, api: restV2Api(state) }
  return (request) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const route = routeOf(request.path)
      return state.faults.isEmpty
        ? serve(played, route, request, now, undefined)
        : Effect.flatMap(state.faults.find(route, request), (strike) =>
            serve(played, route, request, now, strike)
          )
    })
}

/** How the gateway handles a request: who may call, what it asks for, and what is told of it. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ProtectedClient } from "effect-adobe-pass/ProtectedClient"
import type { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as AccessLog from "./accessLog.js"
import { type Activity, count } from "./activity.js"
import { type Admission, checkCaller, checkHost } from "./admission.js"
import { type Refused, refuse, shuttingDown, unavailable } from "./answer.js"
import { answer, type Exchange, end, write } from "./exchange.js"
import { type ForwardOptions, forward } from "./forward.js"
import { valuesOf } from "./headers.js"
import { CurrentWaits, type Waited } from "./pacing.js"
import { type Page, type Services as ProbeServices, type Probes, readOnly } from "./probes.js"
import * as Target from "./target.js"

/** What a gateway is made of. */
export interface Gateway {
  readonly activity: Activity
  readonly admission: Admission
  readonly forward: ForwardOptions
  readonly maxConcurrent: number
  readonly probes: Probes
  /** Writes a line of the access log. */
  readonly log: (line: string) => Effect.Effect<void>
}

/** What handling a request needs. */
export type Services = ProtectedClient | RegisteredApplication | ProbeServices

const mostHeaders = 100

const tooManyHeaders = refuse(431, "HeadersTooLarge", `Send at most ${mostHeaders} headers.`)
const noUpgrade = refuse(400, "UpgradeRefused", "The gateway speaks HTTP/1.1 only: send no Upgrade header.")
const busy = unavailable(
  "TooManyCalls",
  "As many calls as --max-concurrent allows are under way: try again.",
  1
)

const page = (exchange: Exchange, { body, contentType }: Page): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { outgoing } = exchange
    const bytes = Buffer.from(body)
    outgoing.writeHead(200, {
      "content-type": contentType,
      "content-length": bytes.byteLength,
      "cache-control": "no-store"
    })
    return Effect.zipRight(write(exchange, bytes), end(exchange))
  })

const probe = <R>(exchange: Exchange, reading: Effect.Effect<Page, Refused, R>) =>
  exchange.incoming.method === "GET" || exchange.incoming.method === "HEAD"
    ? Effect.flatMap(reading, (found) => page(exchange, found))
    : readOnly

/** One of the calls that are under way at once. */
const call = (
  { activity, forward: options, maxConcurrent }: Gateway,
  exchange: Exchange,
  target: Target.Target
): Effect.Effect<void, Refused, ProtectedClient | RegisteredApplication> =>
  Effect.suspend(() => {
    if (activity.isDraining) return shuttingDown
    if (activity.inFlight >= maxConcurrent) return busy
    return Effect.acquireUseRelease(
      activity.begin(),
      () => forward(exchange, target, options, () => activity.isDraining),
      () => activity.end()
    )
  })

/** Answers a request, or fails with what its sender is to be told. */
const serve = (gateway: Gateway, exchange: Exchange): Effect.Effect<void, Refused, Services> =>
  Effect.gen(function* () {
    const { admission, probes } = gateway
    const { headers, rawHeaders, url = "" } = exchange.incoming
    if (rawHeaders.length / 2 > mostHeaders) return yield* tooManyHeaders
    if (headers.upgrade !== undefined) return yield* noUpgrade
    const target = yield* Target.check(url)
    const path = Target.pathOf(target)
    yield* checkHost(admission, exchange.incoming)
    if (path === "/healthz") return yield* probe(exchange, probes.health)
    yield* checkCaller(admission, exchange.incoming)
    const guarded = probes.guarded.get(path)
    if (guarded !== undefined) return yield* probe(exchange, guarded)
    const route = Target.route(target)
    if (route === undefined) return yield* Target.notFound
    yield* call(gateway, exchange, route)
  })

const told = (
  { log }: Gateway,
  { incoming, outgoing, sent }: Exchange,
  waited: Waited,
  startedAt: number
): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const status = outgoing.headersSent ? outgoing.statusCode : undefined
    const [device] = valuesOf(incoming.rawHeaders, "ap-device-identifier")
    const entry: AccessLog.Entry = {
      time: startedAt,
      method: incoming.method ?? "",
      target: incoming.url ?? "",
      // As nginx has it: the client left before there was an answer.
      status: status ?? 499,
      bytes: sent,
      isCut: outgoing.headersSent && !outgoing.writableFinished,
      durationMillis: now - startedAt,
      waitedMillis: waited.millis,
      device
    }
    return Effect.zipRight(count(status, now - startedAt), log(AccessLog.line(entry)))
  })

const fault = refuse(
  500,
  "GatewayFault",
  "The gateway has a fault of its own: see what it wrote, and report it."
)

/** Answers what the handling has left without an answer: it was interrupted, or has failed in a way that is not foreseen. */
const leftover = (exchange: Exchange, exit: Exit.Exit<void>): Effect.Effect<void> => {
  if (Exit.isSuccess(exit) || exchange.outgoing.writableEnded) return Effect.void
  return Cause.isInterruptedOnly(exit.cause)
    ? answer(exchange, shuttingDown, true)
    : Effect.zipRight(
        Effect.logError("The gateway has failed to answer a request.", exit.cause),
        answer(exchange, fault, true)
      )
}

/** Handles a request to its end; what is left unanswered when it is interrupted gets a 503. */
export const handle = (gateway: Gateway, exchange: Exchange): Effect.Effect<void, never, Services> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const startedAt = yield* Clock.currentTimeMillis
      const waited: Waited = { millis: 0 }
      const { activity } = gateway
      yield* restore(serve(gateway, exchange)).pipe(
        Effect.catchAll((refused) => restore(answer(exchange, refused, activity.isDraining))),
        Effect.provideService(CurrentWaits, waited),
        Effect.onExit((exit) => leftover(exchange, exit)),
        Effect.ensuring(Effect.suspend(() => told(gateway, exchange, waited, startedAt))),
        Effect.catchAllCause(() => Effect.void)
      )
    })
  )

/**
 * The emulator without a transport: a request in, an outcome out. Both layers run this, so what holds in process
 * holds on a port.
 */
import * as Crypto from "node:crypto"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Bucket from "../Bucket.js"
import type { FailOptions, Options, Service } from "../Emulator.js"
import type { Fault } from "../Fault.js"
import * as Traffic from "../Traffic.js"
import { type Answer, html, httpDate, tooManyRequests } from "./answer.js"
import { api, resetTempPass } from "./protectedApi.js"
import { register, token } from "./registration.js"
import { type Application, Registry } from "./registry.js"
import type { Settings } from "./settings.js"

interface Answered {
  readonly _tag: "Answered"
  readonly answer: Answer
}

/** What a transport has to carry out. */
export type Outcome =
  | Answered
  | { readonly _tag: "Truncated"; readonly answer: Answer }
  | { readonly _tag: "Reset" }
  | { readonly _tag: "Refused" }

export interface Engine {
  readonly handle: (request: Traffic.ReceivedRequest) => Effect.Effect<Outcome>
  /** The script API for an emulator that is reached under `baseUrl`. */
  readonly script: (baseUrl: string) => Service
}

const routeOf = (path: string): Traffic.Route => {
  if (path === "/o/client/register") return "register"
  if (path === "/o/client/token") return "token"
  if (path.startsWith("/api/v2/")) return "api"
  if (path.startsWith("/reset-tempass/v3/")) return "management"
  return "other"
}

const isThrottled = (path: string): boolean => path.startsWith("/o/client/") || path.startsWith("/api/v2/")

const noCounts: Traffic.Counts = { register: 0, token: 0, api: 0, management: 0, other: 0, throttled: 0 }

interface Entry {
  readonly at: number
  readonly route: Traffic.Route
  readonly request: Traffic.ReceivedRequest
  result: { readonly outcome: Traffic.Outcome; readonly status: number | undefined }
}

interface Pending {
  readonly options: FailOptions
  left: number
}

/** Adds what every answer has, unless a scripted one says otherwise. */
const complete = (answer: Answer, nowMillis: number): Answer => {
  const own = new Set(answer.headers.map(([name]) => name.toLowerCase()))
  const common: ReadonlyArray<readonly [string, string]> = [
    ["date", httpDate(nowMillis)],
    ["server", "openresty"],
    ["content-length", String(Buffer.byteLength(answer.body))]
  ]
  const missing = common.filter(
    ([name]) => !own.has(name) && (name !== "content-length" || answer.status !== 204)
  )
  return { ...answer, headers: [...missing, ...answer.headers] }
}

const wholeSeconds = (duration: Duration.DurationInput): number => Math.floor(Duration.toSeconds(duration))

/**
 * Synchronous state in a closure; every step between two suspensions is atomic, because fibers share one thread.
 */
export const make = (options: Options = {}): Effect.Effect<Engine> =>
  Effect.gen(function* () {
    const registry = new Registry()
    const settings: Settings = {
      skewMillis: 0,
      tokenTtlSeconds: wholeSeconds(options.tokenTtl ?? "6 hours"),
      issuedAtUnit: options.issuedAtUnit ?? "s",
      deviceInfo: options.deviceInfo ?? "strict"
    }
    const limit: Bucket.Limit = { model: options.throttle ?? "refill", burst: options.burst ?? 10 }
    const logLimit = options.logLimit ?? 10_000
    const buckets = new Map<string, Bucket.State>()
    const faults: Array<Pending> = []
    const log: Array<Entry> = []
    let counts = noCounts

    const serverTime = Effect.map(Clock.currentTimeMillis, (now) => now + settings.skewMillis)

    const application: Application = {
      id: Crypto.randomUUID(),
      scopes: options.scopes ?? ["api:client:v2"],
      redirectDomains: options.redirectDomains
    }
    const softwareStatement = registry.mintStatement(application, yield* serverTime)

    /** Without a forwarded address all callers share one bucket, as they do at Adobe. */
    const passesThrottle = (request: Traffic.ReceivedRequest, nowMillis: number): boolean => {
      if (!isThrottled(request.path)) return true
      const key = Traffic.forwardedFor(request) ?? ""
      const taken = Bucket.take(limit, buckets.get(key) ?? Bucket.start(limit, nowMillis), nowMillis)
      buckets.set(key, taken.state)
      return taken.granted
    }

    const nextFault = (route: Traffic.Route, request: Traffic.ReceivedRequest): Pending | undefined =>
      faults.find((pending) => pending.options.route === route && (pending.options.when?.(request) ?? true))

    const consume = (pending: Pending): void => {
      pending.left -= 1
      if (pending.left <= 0) faults.splice(faults.indexOf(pending), 1)
    }

    const count = (route: keyof Traffic.Counts): void => {
      counts = { ...counts, [route]: counts[route] + 1 }
    }

    const record = (entry: Entry): void => {
      log.push(entry)
      if (log.length > logLimit) log.shift()
    }

    const dispatch = (route: Traffic.Route, request: Traffic.ReceivedRequest, nowMillis: number): Answer => {
      switch (route) {
        case "register":
          return register(registry, settings, nowMillis, request)
        case "token":
          return token(registry, settings, nowMillis, request)
        case "api":
          return api(registry, settings, nowMillis, request)
        case "management":
          return resetTempPass(registry, nowMillis, request)
        case "other":
          return html(404, "Not Found")
      }
    }

    const answered = (answer: Answer): Effect.Effect<Answered> =>
      Effect.map(serverTime, (now) => ({ _tag: "Answered", answer: complete(answer, now) }))

    const handleNormally = (
      route: Traffic.Route,
      request: Traffic.ReceivedRequest
    ): Effect.Effect<Answered> => Effect.flatMap(serverTime, (now) => answered(dispatch(route, request, now)))

    const suffer = (fault: Fault, normal: Effect.Effect<Answered>): Effect.Effect<Outcome> => {
      switch (fault._tag) {
        case "Answer":
          return answered({ status: fault.status, headers: Object.entries(fault.headers), body: fault.body })
        case "Delay":
          return fault.moment === "before-handling"
            ? Effect.delay(normal, fault.duration)
            : Effect.tap(normal, () => Effect.sleep(fault.duration))
        case "Hang":
          return fault.moment === "before-handling" ? Effect.never : Effect.zipRight(normal, Effect.never)
        case "Reset":
          return fault.moment === "before-handling"
            ? Effect.succeed({ _tag: "Reset" })
            : Effect.as(normal, { _tag: "Reset" })
        case "Truncate":
          return Effect.map(normal, ({ answer }) => ({ _tag: "Truncated", answer }))
        case "Refuse":
          return Effect.succeed({ _tag: "Refused" })
      }
    }

    const respond = (
      route: Traffic.Route,
      request: Traffic.ReceivedRequest,
      nowMillis: number
    ): Effect.Effect<Outcome> => {
      if (!passesThrottle(request, nowMillis)) {
        count("throttled")
        return answered(tooManyRequests(nowMillis + settings.skewMillis))
      }
      const pending = nextFault(route, request)
      if (pending === undefined) return handleNormally(route, request)
      consume(pending)
      return suffer(pending.options.fault, handleNormally(route, request))
    }

    const handle: Engine["handle"] = (request) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const route = routeOf(request.path)
        const pending = nextFault(route, request)
        if (pending?.options.fault._tag === "Refuse") {
          consume(pending)
          return Effect.succeed<Outcome>({ _tag: "Refused" })
        }
        const entry: Entry = { at: now, route, request, result: { outcome: "pending", status: undefined } }
        record(entry)
        count(route)
        return respond(route, request, now).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              entry.result = resultOf(exit)
            })
          )
        )
      })

    const ofStatement = (statement: string | undefined, act: (id: string) => void): Effect.Effect<void> =>
      Effect.sync(() => {
        const found = registry.applicationOf(statement ?? softwareStatement)
        if (Option.isSome(found)) act(found.value.id)
      })

    const script: Engine["script"] = (baseUrl) => ({
      baseUrl,
      softwareStatement,
      mintStatement: (mint) =>
        Effect.map(serverTime, (now) =>
          registry.mintStatement(
            {
              id: mint?.subject ?? Crypto.randomUUID(),
              scopes: mint?.scopes ?? application.scopes,
              redirectDomains: mint?.redirectDomains
            },
            mint?.issuedAt ?? now
          )
        ),
      fail: (fail) => Effect.sync(() => void faults.push({ options: fail, left: fail.times ?? 1 })),
      clearFaults: Effect.sync(() => void faults.splice(0)),
      revokeStatement: (statement) => ofStatement(statement, (id) => registry.revokeApplication(id)),
      restoreStatement: (statement) => ofStatement(statement, (id) => registry.restoreApplication(id)),
      revokeClient: (clientId) => Effect.sync(() => registry.revokeClient(clientId)),
      revokeAllClients: Effect.sync(() => registry.revokeAllClients()),
      revokeTokens: Effect.sync(() => registry.revokeTokens()),
      expireTokens: Effect.sync(() => registry.expireTokens()),
      skewClock: (duration, direction = "ahead") =>
        Effect.sync(() => {
          const millis = Duration.toMillis(duration)
          settings.skewMillis = direction === "ahead" ? millis : -millis
        }),
      setTokenTtl: (ttl) =>
        Effect.sync(() => {
          settings.tokenTtlSeconds = wholeSeconds(ttl)
        }),
      setIssuedAtUnit: (unit) =>
        Effect.sync(() => {
          settings.issuedAtUnit = unit
        }),
      clients: Effect.sync(() => registry.clientIds()),
      log: Effect.sync(() =>
        log.map((entry) => new Traffic.LoggedRequest(entry.at, entry.route, entry.request, entry.result))
      ),
      counts: Effect.sync(() => counts),
      clearLog: Effect.sync(() => {
        log.splice(0)
        counts = noCounts
      })
    })

    return { handle, script }
  })

const resultOf = (exit: Exit.Exit<Outcome>): Entry["result"] => {
  if (Exit.isFailure(exit)) return { outcome: "abandoned", status: undefined }
  switch (exit.value._tag) {
    case "Answered":
      return { outcome: "answered", status: exit.value.answer.status }
    case "Truncated":
      return { outcome: "truncated", status: exit.value.answer.status }
    case "Reset":
    case "Refused":
      return { outcome: "reset", status: undefined }
  }
}

import * as Net from "node:net"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { authorize, call, json, moments, postRegister, register } from "./conversation.js"

type ServerOptions = NonNullable<Parameters<typeof Emulator.layerServer>[0]>

const served = (options: ServerOptions = { throttle: "off" }) =>
  Layer.merge(Emulator.layerServer({ restV2: "echo", ...options }), FetchHttpClient.layer)

/** The system's code of a failed fetch, whose cause is nested. */
const socketCode = (error: unknown): unknown =>
  error instanceof Error ? (socketCode(error.cause) ?? (error as NodeJS.ErrnoException).code) : undefined

/** Sends text over a bare socket and collects all that comes back until the connection ends. */
const raw = (baseUrl: string, text: string) =>
  Effect.async<{ readonly received: string; readonly error: string | undefined }>((resume) => {
    let received = ""
    let error: string | undefined
    const socket = Net.connect(Number(new URL(baseUrl).port), "127.0.0.1", () => socket.write(text))
    socket.on("data", (chunk) => {
      received += chunk.toString()
    })
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      error = cause.code
    })
    socket.on("close", () => resume(Effect.succeed({ received, error })))
  })

const bareRegister = (statement: string) => {
  const body = JSON.stringify({ software_statement: statement })
  return [
    "POST /o/client/register HTTP/1.1",
    "host: emulator",
    "content-type: application/json",
    `content-length: ${body.length}`,
    "",
    body
  ].join("\r\n")
}

const until = <E, R>(check: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(check, { until: (done) => done, schedule: Schedule.spaced("5 millis") })

describe("the emulator on a port", () => {
  it.scopedLive("runs the whole flow", () =>
    Effect.gen(function* () {
      const { counts, baseUrl } = yield* Emulator.Emulator
      expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
      const { accessToken } = yield* authorize
      const answer = yield* call(accessToken)
      expect(answer.status).toBe(200)
      expect(json(answer)).toMatchObject({ deviceIdentifier: "device-1" })
      expect(yield* counts).toMatchObject({ register: 1, token: 1, api: 1, throttled: 0 })
    }).pipe(Effect.provide(served()))
  )

  it.scopedLive("throttles with both cookies of the balancer", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Emulator.Emulator
      yield* Effect.promise(() => fetch(`${baseUrl}/api/v2/x`))
      const answer = yield* Effect.promise(() => fetch(`${baseUrl}/api/v2/x`))
      expect(answer.status).toBe(429)
      expect(answer.headers.getSetCookie().map((cookie) => cookie.split("=")[0])).toEqual([
        "AWSALB",
        "AWSALBCORS"
      ])
      expect(answer.headers.get("retry-after")).toBeNull()
      expect((yield* Effect.promise(() => answer.text())).length).toBe(166)
    }).pipe(Effect.provide(served({ burst: 0 })))
  )

  it.scopedLive("keeps a connection for the next request", () =>
    Effect.gen(function* () {
      const { baseUrl, softwareStatement } = yield* Emulator.Emulator
      const request = bareRegister(softwareStatement)
      const last = request.replace("host: emulator", "host: emulator\r\nconnection: close")
      const { received } = yield* raw(baseUrl, request + last)
      expect(received.match(/HTTP\/1\.1 201/g)).toHaveLength(2)
    }).pipe(Effect.provide(served()))
  )

  it.scopedLive.each(moments)("resets the connection, %s", ([moment, minted]) =>
    Effect.gen(function* () {
      const { baseUrl, clients, fail, softwareStatement } = yield* Emulator.Emulator
      yield* fail({ route: "register", times: 2, fault: Fault.reset(moment) })
      expect(yield* raw(baseUrl, bareRegister(softwareStatement))).toEqual({
        received: "",
        error: "ECONNRESET"
      })
      expect(yield* clients).toHaveLength(minted)
      const error = yield* Effect.flip(register())
      expect(error).toMatchObject({ _tag: "RequestError", reason: "Transport" })
      expect(socketCode(error)).toMatch(/ECONNRESET|UND_ERR_SOCKET/)
      expect(yield* register()).toMatchObject({ client_id: expect.any(String) })
    }).pipe(Effect.provide(served()))
  )

  it.scopedLive("refuses by resetting, without a log entry", () =>
    Effect.gen(function* () {
      const { baseUrl, fail, log, softwareStatement } = yield* Emulator.Emulator
      yield* fail({ route: "register", fault: Fault.refuse })
      expect(yield* raw(baseUrl, bareRegister(softwareStatement))).toEqual({
        received: "",
        error: "ECONNRESET"
      })
      expect(yield* log).toEqual([])
    }).pipe(Effect.provide(served()))
  )

  it.scopedLive("sends half of the announced content-length", () =>
    Effect.gen(function* () {
      const { baseUrl, clients, fail, softwareStatement } = yield* Emulator.Emulator
      yield* fail({ route: "register", times: 2, fault: Fault.truncate })
      const { received } = yield* raw(baseUrl, bareRegister(softwareStatement))
      const [head = "", body = ""] = received.split("\r\n\r\n")
      const announced = Number(/content-length: (\d+)/i.exec(head)?.[1])
      expect(head).toMatch(/^HTTP\/1\.1 201/)
      expect(body.length).toBe(Math.floor(announced / 2))
      expect(yield* clients).toHaveLength(1)
      expect(yield* Effect.flip(register())).toMatchObject({
        _tag: "ResponseError",
        response: { status: 201 }
      })
    }).pipe(Effect.provide(served()))
  )

  it.scopedLive("delays, answers and hangs as in process", () =>
    Effect.gen(function* () {
      const { fail, log } = yield* Emulator.Emulator
      yield* fail({ route: "register", fault: Fault.delay("100 millis") })
      const [took, answer] = yield* Effect.timed(postRegister(""))
      expect(answer.status).toBe(400)
      expect(Duration.toMillis(took)).toBeGreaterThan(95)
      yield* fail({ route: "register", fault: Fault.html(503) })
      expect((yield* postRegister("")).status).toBe(503)
      yield* fail({ route: "register", fault: Fault.hang() })
      yield* Effect.flip(Effect.timeout(postRegister(""), "100 millis"))
      yield* until(Effect.map(log, (entries) => entries.at(-1)?.outcome === "abandoned"))
    }).pipe(Effect.provide(served()))
  )

  it.scopedLive("accepts absolute and invalid request targets, and HEAD", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Emulator.Emulator
      const ask = (line: string) =>
        raw(baseUrl, `${line} HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\n\r\n`)
      expect((yield* ask("GET http://elsewhere/api/v2/x")).received).toMatch(/^HTTP\/1\.1 401/)
      expect((yield* ask("OPTIONS *")).received).toMatch(/^HTTP\/1\.1 400/)
      const head = (yield* ask("HEAD /nowhere")).received
      expect(head).toMatch(/^HTTP\/1\.1 404/)
      expect(head.split("\r\n\r\n")[1]).toBe("")
    }).pipe(Effect.provide(served()))
  )

  it.scopedLive("answers by a 500, and says so in its log, what it cannot send", () => {
    const logged: Array<unknown> = []
    const logger = Logger.make(({ cause, message }) => logged.push([message, Cause.pretty(cause)]))
    return Effect.gen(function* () {
      const { fail } = yield* Emulator.Emulator
      yield* fail({ route: "register", fault: Fault.answer(200, { headers: { "x-name": "漢" } }) })
      expect((yield* postRegister("{}")).status).toBe(500)
      expect(logged).toEqual([
        [["The emulator has failed to answer a request."], expect.stringContaining("x-name")]
      ])
    }).pipe(Effect.provide(Layer.provideMerge(served(), Logger.replace(Logger.defaultLogger, logger))))
  })

  it.scopedLive("refuses a body that is longer than what a full emulator saves", () =>
    Effect.gen(function* () {
      const { log } = yield* Emulator.Emulator
      const answer = yield* postRegister("a".repeat(64 * 1024 * 1024 + 1))
      expect([answer.status, (yield* log).length]).toEqual([413, 0])
    }).pipe(Effect.provide(served()))
  )

  it.live("stops with its scope, even with a request that hangs", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(served(), scope)
      const hanging = Effect.gen(function* () {
        const { fail, log } = yield* Emulator.Emulator
        yield* fail({ route: "register", fault: Fault.hang() })
        const caller = yield* Effect.fork(Effect.flip(register()))
        yield* until(Effect.map(log, (entries) => entries.length === 1))
        yield* Scope.close(scope, Exit.void)
        return yield* caller
      })
      const error = yield* Effect.provide(hanging, context)
      expect(error).toMatchObject({ _tag: "RequestError", reason: "Transport" })
      expect(socketCode(yield* Effect.flip(Effect.provide(register(), context)))).toBe("ECONNREFUSED")
    })
  )

  it.scopedLive("says in one sentence that its port is in use", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Emulator.Emulator
      const port = Number(new URL(baseUrl).port)
      const exit = yield* Effect.exit(Layer.build(Emulator.layerServer({ port })))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({
        _tag: "ListenError",
        code: "EADDRINUSE",
        message: `The emulator cannot listen on 127.0.0.1:${port}: it is in use.`
      })
    }).pipe(Effect.provide(served()))
  )
})

import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { describeOwnPostgres, describePostgres, ownPostgres, usePostgres } from "../support/postgres.js"
import { searcher, withoutJwtHeader } from "../support/secrets.js"
import { useWorker } from "../support/workers.js"

const start = useWorker(new URL("../../packages/examples/src/service.ts", import.meta.url))

const info = Buffer.from(
  JSON.stringify({ model: "AFTM", version: "1", osName: "Android", osVersion: "9", connectionType: "WiFi" })
).toString("base64")

const idOf = (n: number) => `television-${n}`
const addressOf = (n: number) => `203.0.113.${100 + n}`
const headersOf = (n: number) => ({ "x-device-info": info, "x-forwarded-for": addressOf(n) })
const configurationOf = (n: number) => `/devices/${idOf(n)}/configuration/ACME`

interface Answer {
  readonly status: number
  readonly connection: string | null
  readonly retryAfter: string | null
  readonly body: string
}

const request = (url: string, headers: Record<string, string>, method: string) =>
  Effect.tryPromise({
    try: async (): Promise<Answer> => {
      const response = await fetch(url, { headers, method })
      return {
        status: response.status,
        connection: response.headers.get("connection"),
        retryAfter: response.headers.get("retry-after"),
        body: await response.text()
      }
    },
    catch: () => "no answer" as const
  })

const until = <A, E, R>(effect: Effect.Effect<A, E, R>, holds: (a: A) => boolean) =>
  effect.pipe(
    Effect.filterOrFail(holds, () => "not yet" as const),
    Effect.retry(Schedule.spaced("50 millis"))
  )

/** A running service: what it answers, and the process that it is. */
const startService = (database: string, env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const { baseUrl, softwareStatement } = yield* Emulator.Emulator
    const worker = yield* start({
      env: {
        PORT: "0",
        DRAIN: "10 millis",
        DATABASE_URL: database,
        ADOBE_PASS_ENVIRONMENT: "emulator",
        ADOBE_PASS_SP_URL: baseUrl,
        ADOBE_PASS_SOFTWARE_STATEMENT: softwareStatement,
        ...env
      }
    })
    const origin = /http:[^\s"]+:\d+/.exec(yield* worker.says(/Listening on/))?.[0]
    const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
      request(`${origin}${path}`, headers, method)
    const call = (n: number) => ask(configurationOf(n), headersOf(n))
    const statusOf = (...args: Parameters<typeof ask>) => Effect.map(ask(...args), ({ status }) => status)
    return { ask, call, statusOf, worker }
  })

const counts = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.counts)
const emulated = Effect.provide(Emulator.layerServer({ throttle: "off" }))

/** A call for the first device that has reached Adobe Pass and waits for the answer. */
const inFlight = ({ call }: Effect.Effect.Success<ReturnType<typeof startService>>, fault: Fault.Fault) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    const { api } = yield* counts
    yield* emulator.fail({ route: "api", fault })
    const slow = yield* Effect.fork(call(1))
    yield* until(counts, (now) => now.api > api)
    return slow
  })

describePostgres("the example service", () => {
  const database = Effect.flatMap(usePostgres(), (postgres) => postgres.database)

  it.scopedLive("serves twenty devices at once with one registration each", () =>
    Effect.gen(function* () {
      const { call, statusOf } = yield* startService(yield* database)
      const answers = yield* Effect.forEach(
        Array.from({ length: 60 }, (_, n) => n % 20),
        call,
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
      assert.strictEqual((yield* counts).register, 20)
      assert.strictEqual(yield* statusOf("/health/live"), 200)
      assert.strictEqual(yield* statusOf("/health/ready"), 200)
      assert.strictEqual(yield* statusOf("/elsewhere"), 404)
    }).pipe(emulated)
  )

  it.scopedLive("passes on the device and its address, as the load balancer knows it", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { ask } = yield* startService(yield* database)
      yield* ask(configurationOf(1), { ...headersOf(1), "x-forwarded-for": `192.0.2.66, ${addressOf(1)}` })
      const seen = yield* emulator.log
      assert.deepStrictEqual(
        seen.map(({ headers, route }) => [route, headers["x-forwarded-for"], headers["x-device-info"]]),
        ["register", "token", "api"].map((route) => [route, addressOf(1), info])
      )
    }).pipe(emulated)
  )

  it.scopedLive("refuses a device it cannot make out, before anything is sent to Adobe Pass", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { ask } = yield* startService(yield* database)
      const refusals = yield* Effect.forEach(
        [{}, { "x-device-info": "not base64" }, { ...headersOf(1), "x-forwarded-for": "somewhere" }],
        (headers) => ask(configurationOf(1), headers)
      )
      for (const { body, status } of refusals) {
        assert.strictEqual(status, 400)
        assert.include(body, "InvalidInput")
      }
      assert.deepStrictEqual(yield* emulator.log, [])
    }).pipe(emulated)
  )

  it.scopedLive("forgets a device, which then registers anew", () =>
    Effect.gen(function* () {
      const { call, statusOf } = yield* startService(yield* database)
      yield* call(1)
      assert.strictEqual(yield* statusOf(`/devices/${idOf(1)}`, {}, "DELETE"), 204)
      assert.strictEqual((yield* call(1)).status, 200)
      assert.strictEqual((yield* counts).register, 2)
    }).pipe(emulated)
  )

  it.scopedLive("answers a throttled call with the time to wait, and a refusal as a bad gateway", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { call } = yield* startService(yield* database, { ADOBE_PASS_RETRY_ATTEMPTS: "1" })
      yield* emulator.fail({ route: "api", fault: Fault.answer(429, { headers: { "retry-after": "7" } }) })
      assert.deepInclude(yield* call(1), {
        status: 503,
        retryAfter: "7",
        body: '{"error":"Throttled","retryable":true}'
      })
      yield* emulator.fail({ route: "register", fault: Fault.oauthError("unapproved_software_statement") })
      assert.deepInclude(yield* call(2), {
        status: 502,
        body: '{"error":"UnapprovedSoftwareStatement","retryable":false}'
      })
    }).pipe(emulated)
  )

  it.scopedLive("warns of lost credentials, and shows no secret and no device in its log", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { ask, call, worker } = yield* startService(yield* database, {
        ADOBE_PASS_SESSIONS_CONFIRM_AFTER: "10 millis"
      })
      yield* call(1)
      const before = yield* emulator.clients
      yield* emulator.revokeAllClients
      assert.strictEqual((yield* call(1)).status, 200)
      yield* ask(configurationOf(2), { ...headersOf(2), "x-device-info": "not base64" })
      const after = yield* emulator.clients
      yield* ask(`/devices/${idOf(1)}`, {}, "DELETE")
      assert.include(yield* worker.says(/CredentialsReplaced/), '"logLevel":"WARN"')
      yield* worker.signal("SIGTERM")
      assert.strictEqual(yield* worker.ended, 0)

      const find = searcher([
        { name: "statement", value: withoutJwtHeader(emulator.softwareStatement) },
        { name: "description", value: info },
        ...[...before, ...after].map((value) => ({ name: "client identifier", value })),
        ...[1, 2].flatMap((n) => [
          { name: "device identifier", value: idOf(n) },
          { name: "address", value: addressOf(n) }
        ])
      ])
      assert.isAbove(worker.lines.length, 5)
      assert.deepStrictEqual(find(worker.lines.join("\n")), [])
    }).pipe(emulated)
  )

  it.scopedLive(
    "answers the request in flight when it is told to stop, and its successor registers nobody",
    () =>
      Effect.gen(function* () {
        const where = yield* database
        const first = yield* startService(where, { DRAIN: "1 second" })
        assert.strictEqual((yield* first.call(1)).status, 200)
        const slow = yield* inFlight(first, Fault.delay("4 seconds"))
        yield* first.worker.signal("SIGTERM")
        const parting = yield* until(first.ask("/health/ready"), ({ status }) => status === 503)
        assert.strictEqual(parting.connection, "close")
        yield* until(Effect.option(first.ask("/health/live")), ({ _tag }) => _tag === "None")
        assert.isNull(slow.unsafePoll())
        assert.deepInclude(yield* Fiber.join(slow), { status: 200, connection: "close" })
        assert.strictEqual(yield* first.worker.ended, 0)

        const second = yield* startService(where)
        assert.strictEqual((yield* second.call(1)).status, 200)
        const { register, token } = yield* counts
        assert.deepStrictEqual({ register, token }, { register: 1, token: 1 })
      }).pipe(emulated)
  )

  it.scopedLive("ends without a request that does not end", () =>
    Effect.gen(function* () {
      const service = yield* startService(yield* database, {
        GRACE: "300 millis",
        ADOBE_PASS_TIMEOUT: "1 hour"
      })
      const hanging = yield* inFlight(service, Fault.hang())
      yield* service.worker.signal("SIGTERM")
      assert.strictEqual(yield* service.worker.ended, 0)
      assert.strictEqual(yield* Effect.flip(Fiber.join(hanging)), "no answer")
    }).pipe(emulated)
  )

  it.scopedLive("names the variable that is missing, and ends", () =>
    Effect.gen(function* () {
      const worker = yield* start({
        env: { DATABASE_URL: yield* database, ADOBE_PASS_ENVIRONMENT: "release-staging" }
      })
      assert.strictEqual(yield* worker.ended, 1)
      assert.include(worker.lines.join("\n"), "ADOBE_PASS_SOFTWARE_STATEMENT")
    })
  )
})

describeOwnPostgres("the example service without its database", () => {
  it.scopedLive("does not start", () =>
    Effect.gen(function* () {
      const database = yield* ownPostgres()
      yield* database.stop("immediate")
      const started = yield* Effect.flip(startService(database.url))
      assert.match(started, /^ended with 1 before it said/)
    }).pipe(emulated)
  )

  it.scopedLive("serves the devices it knows, asks others to come again, and recovers", () =>
    Effect.gen(function* () {
      const database = yield* ownPostgres()
      const { call, statusOf } = yield* startService(database.url)
      assert.strictEqual((yield* call(1)).status, 200)
      yield* database.stop("immediate")
      assert.strictEqual(yield* statusOf("/health/ready"), 200)
      assert.strictEqual(yield* statusOf("/health/live"), 200)
      assert.strictEqual((yield* call(1)).status, 200)
      const cold = yield* call(2)
      assert.deepInclude(cold, { status: 503, retryAfter: "1" })
      assert.include(cold.body, "CredentialStoreError")
      yield* database.start
      yield* until(call(2), ({ status }) => status === 200)
      assert.strictEqual((yield* counts).register, 2)
    }).pipe(emulated)
  )
})

import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { describeOwnPostgres, ownPostgres } from "../support/postgres.js"
import { searcher } from "../support/secrets.js"
import { useWorker, type Worker } from "../support/workers.js"

const start = useWorker(new URL("../../packages/examples/src/service.ts", import.meta.url))

const info = Buffer.from(
  JSON.stringify({ model: "AFTM", version: "1", osName: "Android", osVersion: "9", connectionType: "WiFi" })
).toString("base64")

const headersOf = (n: number) => ({ "x-device-info": info, "x-forwarded-for": `203.0.113.${n}` })

interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  readonly body: string
}

/** A running service: what it answers, and the process that it is. */
const startService = (database: string) =>
  Effect.gen(function* () {
    const { baseUrl, softwareStatement } = yield* Emulator.Emulator
    const worker = yield* start({
      env: {
        PORT: "0",
        DRAIN: "300 millis",
        DATABASE_URL: database,
        ADOBE_PASS_ENVIRONMENT: "emulator",
        ADOBE_PASS_SP_URL: baseUrl,
        ADOBE_PASS_SOFTWARE_STATEMENT: softwareStatement
      }
    })
    const listening = yield* heard(worker, /Listening on http:\/\/[\d.]+:(\d+)/)
    const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
      Effect.tryPromise({
        try: async (): Promise<Answer> => {
          const response = await fetch(`http://127.0.0.1:${listening}${path}`, { headers, method })
          return {
            status: response.status,
            retryAfter: response.headers.get("retry-after"),
            body: await response.text()
          }
        },
        catch: () => "refused" as const
      })
    const statusOf = (...args: Parameters<typeof ask>) => Effect.map(ask(...args), ({ status }) => status)
    const call = (n: number) => ask(`/devices/tv-${n}/configuration/ACME`, headersOf(n))
    return { ask, call, statusOf, worker }
  })

/** Waits for a line, and gives what is in its parentheses. */
const heard = (worker: Worker, what: RegExp) =>
  Effect.sync(() =>
    worker.lines.map((line) => what.exec(line)?.[1]).find((found) => found !== undefined)
  ).pipe(
    Effect.flatMap((found) => (found === undefined ? Effect.fail("not yet") : Effect.succeed(found))),
    Effect.retry(Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(400)))
  )

const counts = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.counts)
const emulated = Effect.provide(Emulator.layerServer({ throttle: "off" }))
const until = <A>(effect: Effect.Effect<A, "refused">, holds: (a: A) => boolean) =>
  Effect.repeat(effect, {
    until: holds,
    schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(150))
  })

describeOwnPostgres("the example service", () => {
  it.scopedLive("serves many devices, each with one registration, and shows no secret in its log", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const database = yield* ownPostgres()
      const { ask, call, statusOf, worker } = yield* startService(database.url)
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

      const before = yield* counts
      const bad = yield* ask("/devices/tv-99/configuration/ACME", { "x-device-info": "not base64" })
      assert.strictEqual(bad.status, 400)
      assert.include(bad.body, "InvalidInput")
      assert.strictEqual(yield* statusOf("/devices/tv-99/configuration/ACME"), 400)
      assert.deepStrictEqual(yield* counts, before)

      assert.strictEqual(yield* statusOf("/devices/tv-1", headersOf(1), "DELETE"), 204)
      assert.strictEqual((yield* call(1)).status, 200)
      assert.strictEqual((yield* counts).register, 21)

      const clients = yield* emulator.clients
      const find = searcher([
        { name: "statement", value: emulator.softwareStatement.split(".")[1] ?? "" },
        ...clients.map((value) => ({ name: "client identifier", value }))
      ])
      assert.isAbove(worker.lines.length, 20)
      assert.deepStrictEqual(find(worker.lines.join("\n")), [])
    }).pipe(emulated)
  )

  it.scopedLive(
    "is not ready without its database, serves who is known, asks others to come again, and recovers",
    () =>
      Effect.gen(function* () {
        const database = yield* ownPostgres()
        const { call, statusOf } = yield* startService(database.url)
        assert.strictEqual((yield* call(1)).status, 200)
        yield* database.stop("immediate")
        assert.strictEqual(yield* statusOf("/health/ready"), 503)
        assert.strictEqual(yield* statusOf("/health/live"), 200)
        assert.strictEqual((yield* call(1)).status, 200)
        const cold = yield* call(2)
        assert.deepInclude(cold, { status: 503, retryAfter: "1" })
        assert.include(cold.body, "CredentialStoreError")
        yield* database.start
        yield* until(statusOf("/health/ready"), (status) => status === 200)
        yield* until(call(2), ({ status }) => status === 200)
        assert.strictEqual((yield* counts).register, 2)
      }).pipe(emulated)
  )

  it.scopedLive(
    "finishes the request in flight when it is told to stop, and its successor registers nobody",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const database = yield* ownPostgres()
        const first = yield* startService(database.url)
        assert.strictEqual((yield* first.call(1)).status, 200)
        yield* emulator.fail({ route: "api", fault: Fault.delay("2 seconds") })
        const slow = yield* Effect.fork(first.call(1))
        yield* Effect.sleep("300 millis")
        yield* first.worker.signal("SIGTERM")
        yield* until(first.statusOf("/health/ready"), (status) => status === 503)
        yield* until(
          Effect.match(first.statusOf("/health/live"), {
            onFailure: () => "refused",
            onSuccess: () => "served"
          }),
          (outcome) => outcome === "refused"
        )
        assert.strictEqual((yield* slow).status, 200)
        assert.strictEqual(yield* first.worker.ended, 0)

        const second = yield* startService(database.url)
        assert.strictEqual((yield* second.call(1)).status, 200)
        const { register, token } = yield* counts
        assert.deepStrictEqual({ register, token }, { register: 1, token: 1 })
      }).pipe(emulated)
  )

  it.scopedLive("names the variable that is missing, and ends", () =>
    Effect.gen(function* () {
      const database = yield* ownPostgres()
      const worker = yield* start({ env: { DATABASE_URL: database.url } })
      assert.strictEqual(yield* worker.ended, 1)
      assert.match(worker.lines.join("\n"), /ADOBE_PASS_ENVIRONMENT/)
    })
  )
})

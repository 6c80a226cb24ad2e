/** S6: more calls at once than the service lets through. S1 under the throttle stands here, too. */
import { Effect, Option, Schema } from "effect"
import { type Contender, decisions, runCalls } from "../contender.js"
import { peers } from "../contenders/index.js"
import { ours } from "../contenders/ours.js"
import { nginx } from "../nginx.js"
import { server } from "../process.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, table } from "../statistics.js"
import { targetOf } from "../target.js"

const contenders: ReadonlyArray<Contender> = [ours({ maxWait: "3 minutes" }), ...peers]

/** What a bucket lets through at once. */
const atOnce = 11

const Announced = Schema.decodeUnknown(
  Schema.parseJson(Schema.Struct({ baseUrl: Schema.String, softwareStatement: Schema.String }))
)
const Log = Schema.decodeUnknown(
  Schema.parseJson(
    Schema.Array(
      Schema.Struct({
        forwardedFor: Schema.optional(Schema.String),
        status: Schema.optional(Schema.Number)
      })
    )
  )
)

interface Place {
  readonly name: string
  readonly baseUrl: string
  readonly softwareStatement?: string
  readonly refused: (ip: string) => Effect.Effect<number, unknown>
}

const emulator = Effect.gen(function* () {
  const { baseUrl, softwareStatement } = yield* Effect.flatMap(server("./emulatorServer.js"), Announced)
  return {
    name: "emulator",
    baseUrl,
    softwareStatement,
    refused: (ip) =>
      Effect.tryPromise(async () => (await fetch(`${baseUrl}/_emulator/log`)).text()).pipe(
        Effect.flatMap(Log),
        Effect.map(
          (log) => log.filter(({ forwardedFor, status }) => forwardedFor === ip && status === 429).length
        )
      )
  } satisfies Place
})

interface Load {
  readonly title: string
  readonly calls: number
  /** Whether the device has a token, and its bucket is full again. */
  readonly warm: boolean
}

const loads: ReadonlyArray<Load> = [
  { title: "cold, 10 calls", calls: 10, warm: false },
  { title: "cold, 100 calls", calls: 100, warm: false },
  { title: "warm, 30 calls", calls: 30, warm: true },
  { title: "warm, 60 calls", calls: 60, warm: true }
]

/** The least number of seconds: two requests more when the device is cold. */
const least = ({ calls, warm }: Load) => Math.max(0, calls + (warm ? 0 : 2) - atOnce)

const measure = (place: Place, contender: Contender, load: Load, ip: string) =>
  Effect.gen(function* () {
    const client = yield* Effect.acquireRelease(
      Effect.promise(() => contender.open(targetOf(place.baseUrl, place.softwareStatement, ip))),
      (client) => Effect.promise(() => client.close())
    )
    if (load.warm) {
      yield* Effect.promise(() => runCalls(client, [decisions], 1))
      yield* Effect.sleep("13 seconds")
    }
    const start = performance.now()
    const outcomes = yield* Effect.promise(() =>
      runCalls(
        client,
        Array.from({ length: load.calls }, () => decisions),
        load.calls
      )
    )
    const seconds = (performance.now() - start) / 1000
    return { ok: outcomes["200"] ?? 0, seconds, refused: yield* place.refused(ip) }
  }).pipe(Effect.scoped)

export const throttled: Scenario = {
  name: "throttled",
  idle: true,
  title: "More calls at once than the service lets through",
  run: Effect.gen(function* () {
    const upstream = yield* standIn
    const front = yield* nginx(upstream.baseUrl)
    const places: ReadonlyArray<Place> = [
      yield* emulator,
      ...Option.match(front, {
        onNone: () => [],
        onSome: ({ baseUrl, refused }) => [{ name: "nginx", baseUrl, refused }]
      })
    ]
    const tables = yield* Effect.forEach(
      places,
      (place, placeNumber) =>
        Effect.map(
          Effect.forEach(
            contenders,
            (contender, row) =>
              Effect.map(
                Effect.forEach(
                  loads,
                  (load, column) =>
                    Effect.map(
                      measure(place, contender, load, `203.${placeNumber}.${row}.${column + 1}`),
                      ({ ok, refused, seconds }) =>
                        `${ok} of ${load.calls}, ${refused} x 429, ${figure(seconds)} s`
                    ),
                  { concurrency: "unbounded" }
                ),
                (cells) => [contender.name, ...cells]
              ),
            { concurrency: "unbounded" }
          ),
          (rows) =>
            table([place.name, ...loads.map((load) => `${load.title} (least: ${least(load)} s)`)], rows)
        ),
      { concurrency: "unbounded" }
    )
    return [
      ...tables,
      ...(Option.isNone(front) ? ["Against nginx: skipped, it is not installed."] : [])
    ].join("\n\n")
  })
}

/** What a fleet costs: memory of a session, reads of cached tokens, and how fast a node is warmed from a store. */
import { Effect, Schema } from "effect"
import { message, script } from "../process.js"
import type { Scenario } from "../scenario.js"
import { servers } from "../servers.js"
import { figure, table, times } from "../statistics.js"

const sizes = [1, 100_000, 1_000_000]

/** A million records take 2 GB and minutes to write before anything can be measured. */
const warmed = 20_000

/** In a process of its own. */
const measured = <A, I>(
  schema: Schema.Schema<A, I>,
  what: "resident" | "postgres" | "redis",
  devices: number,
  environment: Readonly<Record<string, string>> = {}
) =>
  script("./fleetRun.js", {
    args: [what, `${devices}`],
    environment,
    flags: ["--expose-gc", "--max-old-space-size=12000"]
  }).pipe(Effect.flatMap(message), Effect.flatMap(Schema.decodeUnknown(schema)), Effect.scoped)

const Resident = Schema.Struct({
  bytes: Schema.Number,
  beyondSecrets: Schema.Number,
  micros: Schema.Number,
  overMap: Schema.Number,
  kept: Schema.Number
})

const Warmed = Schema.Struct({ perSecond: Schema.Number, overRecords: Schema.Number })

const stores = [
  { name: "PostgreSQL", what: "postgres", needs: "DATABASE_URL" },
  { name: "Redis", what: "redis", needs: "REDIS_URL" }
] as const

const whole = (value: number) => Math.round(value).toLocaleString("en-US")

export const fleet: Scenario = {
  name: "fleet",
  title: "A fleet",
  run: Effect.gen(function* () {
    const residents = yield* Effect.forEach(sizes, (size) => measured(Resident, "resident", size))
    const environment = yield* servers
    const warm = yield* Effect.forEach(stores, ({ name, needs, what }) =>
      environment[needs] === undefined
        ? Effect.succeed([name, "there is none", ""])
        : Effect.map(measured(Warmed, what, warmed, environment), ({ overRecords, perSecond }) => [
            name,
            whole(perSecond),
            times(overRecords)
          ])
    )
    const most = residents.at(-1)
    const row = (title: string, cell: (resident: typeof Resident.Type) => string) => [
      title,
      ...residents.map(cell)
    ]
    /** One session is too few to weigh. */
    const weighed = (title: string, field: "bytes" | "beyondSecrets") => [
      title,
      ...residents.map((resident, index) => (sizes[index] === 1 ? "" : whole(resident[field])))
    ]
    return {
      claim: `Among a million devices, a session takes ${whole(most?.beyondSecrets ?? Number.NaN)} bytes of memory beyond its secrets' characters, and a token is read in ${figure(most?.micros ?? Number.NaN)} µs: ${figure(most?.overMap ?? Number.NaN)} times what a \`Map\` takes for that.`,
      tables: [
        table(
          ["sessions in memory", ...sizes.map(whole)],
          [
            weighed("heap of a session, bytes", "bytes"),
            weighed("... beyond its secrets' characters", "beyondSecrets"),
            row("read of the token of a random device", ({ micros }) => `${figure(micros)} µs`),
            row("... over a `Map` of as many", ({ overMap }) => times(overMap)),
            row("... heap kept by a read, bytes", ({ kept }) => kept.toFixed(1))
          ]
        ),
        table(["warmed from", "sessions a second", "time over reading the records"], warm)
      ].join("\n\n")
    }
  })
}

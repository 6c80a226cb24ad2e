/** S8: what a fleet costs: memory of a session, reads of cached tokens, and how fast a node is warmed from a store. */
import { Console, Effect, Schema } from "effect"
import { output } from "../process.js"
import type { Scenario } from "../scenario.js"
import { servers } from "../servers.js"
import { table } from "../statistics.js"

const sizes = [1000, 10_000, 100_000, 1_000_000]

const Result = Schema.decodeUnknown(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Number }))
)

interface Row {
  readonly title: string
  /** See `fleetRun.ts`. */
  readonly what: "resident" | "postgres" | "redis"
  readonly field: string
  readonly needs?: string
  /** A million records take 2 GB and minutes to write before anything can be measured, and few are read too soon. */
  readonly sizes?: ReadonlyArray<number>
}

const rows: ReadonlyArray<Row> = [
  { title: "Heap per session, bytes", what: "resident", field: "bytes" },
  { title: "... beyond its secrets' characters", what: "resident", field: "beyondSecrets" },
  { title: "Reads per second, random devices", what: "resident", field: "perSecond" },
  { title: "... nanoseconds per read", what: "resident", field: "nanos" },
  { title: "... heap kept by each read, bytes", what: "resident", field: "kept" },
  { title: "Reads per second, one device", what: "resident", field: "perSecondOfOne" },
  { title: "... nanoseconds per read", what: "resident", field: "nanosOfOne" },
  {
    title: "Warmed from PostgreSQL, per second",
    what: "postgres",
    field: "perSecond",
    needs: "DATABASE_URL",
    sizes: [100_000]
  },
  {
    title: "Warmed from Redis, per second",
    what: "redis",
    field: "perSecond",
    needs: "REDIS_URL",
    sizes: [100_000]
  }
]

const whole = (value: number) => Math.round(value).toLocaleString("en-US")

export const fleet: Scenario = {
  name: "fleet",
  title: "A fleet",
  run: Effect.gen(function* () {
    const environment = yield* servers
    const results = new Map<string, Readonly<Record<string, number>>>()
    for (const size of sizes) {
      for (const { needs, sizes: some = sizes, what } of rows) {
        if (results.has(`${what} ${size}`) || !some.includes(size)) continue
        if (needs !== undefined && environment[needs] === undefined) continue
        const result = yield* Effect.flatMap(
          output("./fleetRun.js", {
            args: [what, `${size}`],
            environment,
            flags: ["--expose-gc", "--max-old-space-size=12000"]
          }),
          Result
        )
        yield* Console.error(`${what}, ${whole(size)} devices: ${JSON.stringify(result)}`)
        results.set(`${what} ${size}`, result)
      }
    }
    return table(
      ["", ...sizes.map((size) => `${whole(size)} devices`)],
      rows.map(({ field, needs, sizes: some = sizes, title, what }) => {
        const base = results.get(`${what} ${some[0]}`)?.[field]
        return [
          title,
          ...sizes.map((size) => {
            const value = results.get(`${what} ${size}`)?.[field]
            if (needs !== undefined && environment[needs] === undefined) return `skipped: no ${needs}`
            if (value === undefined || base === undefined) return "not measured"
            if (field === "kept") return value.toFixed(1)
            return size === some[0] ? whole(value) : `${whole(value)} (${(value / base).toFixed(2)} x)`
          })
        ]
      })
    )
  })
}

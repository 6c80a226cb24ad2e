/**
 * What a fleet costs, for 1,000 to 1,000,000 devices: memory of a session, reads of cached tokens, and how fast a node
 * is warmed from PostgreSQL (`DATABASE_URL`) and Redis (`REDIS_URL`), which it fills with made-up sessions: take empty
 * ones. `--write` puts the table into the README of this package; other arguments are sizes.
 */
import { spawn } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import * as os from "node:os"
import { fileURLToPath } from "node:url"
import { Console, DateTime, Effect, Schema } from "effect"

const run = fileURLToPath(new URL("fleetRun.ts", import.meta.url))
const readme = new URL("../README.md", import.meta.url)
const args = process.argv.slice(2)
const given = args.filter((arg) => arg !== "--write").map(Number)
const sizes = given.length > 0 ? given : [1000, 10_000, 100_000, 1_000_000]

const Result = Schema.decodeUnknown(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Number }))
)

/** One measurement, in a process of its own, so that each starts with a clean heap. */
const measure = (what: string, size: number) =>
  Effect.flatMap(
    Effect.async<string, string>((resume) => {
      const child = spawn(
        process.execPath,
        [
          ["--expose-gc", "--max-old-space-size=12000"],
          ["--conditions=effect-adobe-pass-source", "--import", "tsx"],
          [run, what, `${size}`]
        ].flat(),
        { stdio: ["ignore", "pipe", "inherit"] }
      )
      let output = ""
      child.stdout.on("data", (chunk) => {
        output += chunk
      })
      child.once("close", (code) =>
        resume(code === 0 ? Effect.succeed(output) : Effect.fail(`${what} of ${size} ended with ${code}`))
      )
    }),
    Result
  )

const rows: ReadonlyArray<{
  readonly title: string
  readonly what: string
  readonly field: string
  readonly needs?: string
}> = [
  { title: "Heap per session, bytes", what: "memory", field: "bytes" },
  { title: "beyond its secrets' characters", what: "memory", field: "beyondSecrets" },
  { title: "Cached-token reads per second", what: "reads", field: "readsPerSecond" },
  { title: "nanoseconds per read", what: "reads", field: "nanosPerRead" },
  {
    title: "Warmed from PostgreSQL, per second",
    what: "postgres",
    field: "sessionsPerSecond",
    needs: "DATABASE_URL"
  },
  { title: "Warmed from Redis, per second", what: "redis", field: "sessionsPerSecond", needs: "REDIS_URL" }
]

const whole = (value: number) => Math.round(value).toLocaleString("en-US")

const program = Effect.gen(function* () {
  const results = new Map<string, Readonly<Record<string, number>>>()
  for (const size of sizes) {
    for (const { needs, what } of rows) {
      if (results.has(`${what} ${size}`) || (needs !== undefined && process.env[needs] === undefined))
        continue
      yield* Console.error(`${what}, ${whole(size)} devices ...`)
      results.set(`${what} ${size}`, yield* measure(what, size))
    }
  }
  const first = sizes[0] ?? 0
  const lines = rows.map(({ field, needs, title, what }) => {
    const base = results.get(`${what} ${first}`)?.[field]
    const cells = sizes.map((size) => {
      const value = results.get(`${what} ${size}`)?.[field]
      if (value === undefined || base === undefined) return `no ${needs}`
      return size === first ? whole(value) : `${whole(value)} (${(value / base).toFixed(2)} x)`
    })
    return `| ${[title, ...cells].join(" | ")} |`
  })
  const table = [
    `| | ${sizes.map((size) => `${whole(size)} devices`).join(" | ")} |`,
    `| --- |${" --: |".repeat(sizes.length)}`,
    ...lines,
    "",
    `Node.js ${process.version}, ${os.cpus().length} cores of ${os.cpus()[0]?.model}, ${DateTime.formatIsoDateUtc(yield* DateTime.now)}.`
  ].join("\n")
  yield* Console.log(table)
  if (!args.includes("--write")) return
  const text = yield* Effect.promise(() => readFile(readme, "utf8"))
  const marked = /(<!-- fleet -->\n)[\s\S]*(\n<!-- \/fleet -->)/
  yield* Effect.promise(() => writeFile(readme, text.replace(marked, `$1\n${table}\n$2`)))
})

await Effect.runPromise(program)

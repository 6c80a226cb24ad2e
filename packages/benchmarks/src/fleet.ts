/**
 * What a fleet costs, for 1,000 to 1,000,000 devices: memory of a session, reads of cached tokens, and how fast a node
 * is warmed from PostgreSQL and Redis. `--write` puts the table into the README of this package; other arguments are
 * sizes.
 */
import { spawn } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import * as os from "node:os"
import { fileURLToPath } from "node:url"
import { Cause, Console, DateTime, Effect, Exit, Schema } from "effect"
import { servers } from "./servers.js"

const run = fileURLToPath(new URL("fleetRun.ts", import.meta.url))
const readme = new URL("../README.md", import.meta.url)
const args = process.argv.slice(2)
const given = args.filter((arg) => arg !== "--write").map(Number)
const sizes = given.length > 0 ? given : [1000, 10_000, 100_000, 1_000_000]

const Result = Schema.decodeUnknown(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Number }))
)

/** One measurement, in a process of its own, so that each starts with a clean heap. */
const measure = (what: string, size: number, environment: Readonly<Record<string, string>>) =>
  Effect.flatMap(
    Effect.async<string, string>((resume) => {
      const child = spawn(
        process.execPath,
        [
          ["--expose-gc", "--max-old-space-size=12000"],
          ["--conditions=effect-adobe-pass-source", "--import", "tsx"],
          [run, what, `${size}`]
        ].flat(),
        { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...environment } }
      )
      let output = ""
      child.stdout.on("data", (chunk) => {
        output += chunk
      })
      child.once("close", (code) =>
        resume(code === 0 ? Effect.succeed(output) : Effect.fail(`${what} of ${size} ended with ${code}`))
      )
      return Effect.sync(() => void child.kill())
    }),
    Result
  )

const rows: ReadonlyArray<{
  readonly title: string
  readonly what: string
  readonly field: string
  readonly needs?: string
}> = [
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
    needs: "DATABASE_URL"
  },
  { title: "Warmed from Redis, per second", what: "redis", field: "perSecond", needs: "REDIS_URL" }
]

const whole = (value: number) => Math.round(value).toLocaleString("en-US")

/** A table of Markdown that can be read as it is, too. */
const aligned = (head: ReadonlyArray<string>, body: ReadonlyArray<ReadonlyArray<string>>) => {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...body.map((cells) => cells[column]?.length ?? 0))
  )
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`))
  return [line(head), line(rule), ...body.map(line)].join("\n")
}

const program = Effect.gen(function* () {
  const environment = yield* servers
  const results = new Map<string, Readonly<Record<string, number>>>()
  for (const size of sizes) {
    for (const { needs, what } of rows) {
      if (results.has(`${what} ${size}`) || (needs !== undefined && environment[needs] === undefined))
        continue
      yield* Console.error(`${what}, ${whole(size)} devices ...`)
      const result = yield* measure(what, size, environment)
      yield* Console.error(JSON.stringify(result))
      results.set(`${what} ${size}`, result)
    }
  }
  const first = sizes[0] ?? 0
  const table = aligned(
    ["", ...sizes.map((size) => `${whole(size)} devices`)],
    rows.map(({ field, needs, title, what }) => {
      const base = results.get(`${what} ${first}`)?.[field]
      const cells = sizes.map((size) => {
        const value = results.get(`${what} ${size}`)?.[field]
        if (value === undefined || base === undefined) return `skipped: no ${needs}`
        if (field === "kept") return value.toFixed(1)
        return size === first ? whole(value) : `${whole(value)} (${(value / base).toFixed(2)} x)`
      })
      return [title, ...cells]
    })
  )
  const about = `Node.js ${process.version}, ${os.cpus().length} cores of ${os.cpus()[0]?.model}, ${DateTime.formatIsoDateUtc(yield* DateTime.now)}.`
  yield* Console.log(`${table}\n\n${about}`)
  if (!args.includes("--write")) return
  const text = yield* Effect.promise(() => readFile(readme, "utf8"))
  const command = `\`npm run bench:fleet${given.length > 0 ? ` -- ${given.join(" ")}` : ""}\``
  const marked = /(<!-- fleet -->\n)[\s\S]*(<!-- \/fleet -->)/
  yield* Effect.promise(() =>
    writeFile(
      readme,
      text.replace(marked, (_, start, end) => `${start}\n${table}\n\n${command}: ${about}\n\n${end}`)
    )
  )
}).pipe(Effect.scoped)

// So that the servers end, and their directories go, whatever ends this.
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())
const exit = await Effect.runPromiseExit(program, { signal: stop.signal })
if (Exit.isFailure(exit)) {
  console.error(Cause.pretty(exit.cause))
  process.exitCode = 1
}

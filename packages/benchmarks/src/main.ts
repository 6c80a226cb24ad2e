/** The command: `npm run bench`, or `npm run bench -- NAME ...`. Each scenario puts its claim and its tables into the README. */
import { readFileSync, writeFileSync } from "node:fs"
import * as os from "node:os"
import { Cause, Console, DateTime, Duration, Effect, Exit } from "effect"
import type { Scenario } from "./scenario.js"
import { decoding } from "./scenarios/decoding.js"
import { failures } from "./scenarios/failures.js"
import { firstCall } from "./scenarios/firstCall.js"
import { fleet } from "./scenarios/fleet.js"
import { start } from "./scenarios/start.js"
import { warmCall } from "./scenarios/warmCall.js"

const scenarios: ReadonlyArray<Scenario> = [warmCall, firstCall, decoding, failures, fleet, start]

const readme = new URL("../README.md", import.meta.url)
const names = process.argv.slice(2)
const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name))

const putIntoReadme = (mark: string, content: string): void => {
  const text = readFileSync(readme, "utf8")
  const marked = new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*(<!-- /${mark} -->)`)
  if (!marked.test(text)) throw new Error(`the README has no place for ${mark}`)
  writeFileSync(
    readme,
    text.replace(marked, (_, start, end) => `${start}\n${content}\n\n${end}`)
  )
}

const machine = `Node.js ${process.version}, ${os.cpus().length} cores of ${os.cpus()[0]?.model}`

const measure = ({ name, run, title }: Scenario) =>
  Effect.gen(function* () {
    yield* Console.error(`${name}: ${title} ...`)
    const [took, { claim, tables }] = yield* Effect.timed(Effect.scoped(run))
    const date = DateTime.formatIsoDateUtc(yield* DateTime.now)
    yield* Effect.sync(() => {
      putIntoReadme(`${name}: claim`, `- ${claim}`)
      putIntoReadme(name, `${tables}\n\n\`npm run bench -- ${name}\`: ${machine}, ${date}.`)
    })
    yield* Console.log(`\n## ${title}\n\n${claim}\n\n${tables}\n`)
    yield* Console.error(`${name}: ${Math.round(Duration.toSeconds(took))} s`)
  })

if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(", ")}. There are: ${scenarios.map(({ name }) => name).join(", ")}.`
  )
  process.exit(2)
}

// So that processes end, and their directories go, whatever ends this.
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort())
const chosen = names.length === 0 ? scenarios : scenarios.filter(({ name }) => names.includes(name))
const exit = await Effect.runPromiseExit(Effect.forEach(chosen, measure, { discard: true }), {
  signal: stop.signal
})
if (Exit.isFailure(exit)) console.error(Cause.pretty(exit.cause))
// Some libraries leave timers behind.
process.exit(Exit.isSuccess(exit) ? 0 : 1)

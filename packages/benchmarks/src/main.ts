/** The command: `npm run bench`, or `npm run bench -- NAME ...`. Each scenario puts its tables into the README. */
import { readFileSync, writeFileSync } from "node:fs"
import * as os from "node:os"
import { Cause, Console, DateTime, Duration, Effect, Exit } from "effect"
import type { Scenario } from "./scenario.js"
import { cachedToken } from "./scenarios/cachedToken.js"
import { coldStart } from "./scenarios/coldStart.js"
import { expired } from "./scenarios/expired.js"
import { fleet } from "./scenarios/fleet.js"
import { pieces } from "./scenarios/pieces.js"
import { processesMeet } from "./scenarios/processes.js"
import { revoked } from "./scenarios/revoked.js"
import { start } from "./scenarios/start.js"
import { throttled } from "./scenarios/throttled.js"
import { warmCall } from "./scenarios/warmCall.js"

const scenarios: ReadonlyArray<Scenario> = [
  coldStart,
  warmCall,
  pieces,
  cachedToken,
  revoked,
  expired,
  throttled,
  processesMeet,
  fleet,
  start
]

const readme = new URL("../README.md", import.meta.url)
const names = process.argv.slice(2)
const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name))

/** In one go, because two scenarios may end at the same time. */
const putIntoReadme = (name: string, content: string): void => {
  const text = readFileSync(readme, "utf8")
  const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*(<!-- /${name} -->)`)
  if (!marked.test(text)) throw new Error(`the README has no place for ${name}`)
  writeFileSync(
    readme,
    text.replace(marked, (_, start, end) => `${start}\n${content}\n\n${end}`)
  )
}

const machine = `Node.js ${process.version}, ${os.cpus().length} cores of ${os.cpus()[0]?.model}`

const measure = ({ name, run, title }: Scenario) =>
  Effect.gen(function* () {
    yield* Console.error(`${name}: ${title} ...`)
    const [took, content] = yield* Effect.timed(Effect.scoped(run))
    const date = DateTime.formatIsoDateUtc(yield* DateTime.now)
    yield* Effect.sync(() =>
      putIntoReadme(name, `${content}\n\n\`npm run bench -- ${name}\`: ${machine}, ${date}.`)
    )
    yield* Console.log(`\n## ${title}\n\n${content}\n`)
    yield* Console.error(`${name}: ${Math.round(Duration.toSeconds(took))} s`)
  })

const program = Effect.gen(function* () {
  const chosen = names.length === 0 ? scenarios : scenarios.filter(({ name }) => names.includes(name))
  yield* Effect.forEach(
    chosen.filter(({ idle }) => idle !== true),
    measure
  )
  // One after the other until their processes are up: starting those is work.
  yield* Effect.forEach(
    chosen.filter(({ idle }) => idle === true),
    (scenario, index) => Effect.delay(measure(scenario), `${20 * index} seconds`),
    { concurrency: "unbounded" }
  )
})

if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(", ")}. There are: ${scenarios.map(({ name }) => name).join(", ")}.`
  )
  process.exit(2)
}

// So that servers end, and their directories go, whatever ends this.
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())
const exit = await Effect.runPromiseExit(program, { signal: stop.signal })
if (Exit.isFailure(exit)) console.error(Cause.pretty(exit.cause))
// Some libraries leave timers behind.
process.exit(Exit.isSuccess(exit) ? 0 : 1)

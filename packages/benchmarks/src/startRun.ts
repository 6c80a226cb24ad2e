/** A cold process up to its first answer: `startRun.js <contender> <target>`. Prints what that took. */
import { decisions, type Target } from "./contender.js"
import { loaded } from "./contenders/index.js"

const [, , name = "", told = ""] = process.argv

if (name === "nothing but Effect") {
  // What every program with the library loads from Effect.
  await Promise.all([import("effect/Effect"), import("effect/Schema"), import("@effect/platform/HttpClient")])
} else {
  const target: Target = JSON.parse(told)
  const client = await (await loaded(name)).open(target)
  const status = await client.call(decisions)
  if (status !== 200) throw new Error(`${name}: ${status}`)
}
const wall = performance.now() * 1000
const { system, user } = process.cpuUsage()
console.log(JSON.stringify({ wall, processor: system + user }))
process.exit(0)

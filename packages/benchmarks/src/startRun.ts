/** A cold process up to its first token: `startRun.js <contender> <target>`. Prints what that took. */
import { decisions, type Target } from "./contender.js"
import { loaded } from "./contenders/index.js"

const [, , name, told = ""] = process.argv
const target: Target = JSON.parse(told)

const client = await (await loaded(name)).open(target)
const status = await client.call(decisions)
if (status !== 200) throw new Error(`${name}: ${status}`)
const wall = performance.now() * 1000
const { system, user } = process.cpuUsage()
console.log(JSON.stringify({ wall, processor: system + user }))
process.exit(0)

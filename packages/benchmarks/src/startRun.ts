/** A cold process up to its first token: `startRun.js <contender> <target>`. Prints the milliseconds since it was started. */
import { decisions, type Target } from "./contender.js"
import { loaded } from "./contenders/index.js"

const [, , name, told = ""] = process.argv
const target: Target = JSON.parse(told)

const client = await (await loaded(name)).open(target)
const status = await client.call(decisions)
if (status !== 200) throw new Error(`${name}: ${status}`)
console.log(performance.now())
process.exit(0)

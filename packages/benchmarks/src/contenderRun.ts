/**
 * A contender in a process of its own, where no other library shares its heap and its compiled code:
 * `contenderRun.js <contender>`. It is told what to do message by message, and answers each; see `contenderProcess.ts`.
 */
import { setFlagsFromString } from "node:v8"
import { type Client, decisions, runCalls, type Target } from "./contender.js"
import type { Calls, Command, Load } from "./contenderProcess.js"
import { loaded } from "./contenders/index.js"
import { say } from "./parent.js"

const contender = await loaded(process.argv[2])
let client: Client | undefined

let unhandled = 0
process.on("unhandledRejection", () => {
  unhandled += 1
})

const open = async (target: Target): Promise<Client> => {
  client = await contender.open(target)
  return client
}

const opened = (): Client => {
  if (client === undefined) throw new Error("there is no client yet")
  return client
}

const run = async (client: Client, load: Load): Promise<Calls> => {
  const { calls, concurrency = calls, paths = [decisions] } = load
  const all = Array.from({ length: calls }, (_, index) => paths[index % paths.length] ?? "")
  const rejected = unhandled
  const stored = client.storeOperations?.() ?? 0
  const processor = process.cpuUsage()
  const start = performance.now()
  const outcomes = await runCalls(client, all, concurrency)
  const millis = performance.now() - start
  const { system, user } = process.cpuUsage(processor)
  return {
    millis,
    processorMillis: (system + user) / 1000,
    ok: outcomes["200"] ?? 0,
    unhandled: unhandled - rejected,
    ...(client.storeOperations === undefined ? {} : { stored: client.storeOperations() - stored })
  }
}

const sum = (left: Calls, right: Calls): Calls => ({
  millis: left.millis + right.millis,
  processorMillis: left.processorMillis + right.processorMillis,
  ok: left.ok + right.ok,
  unhandled: left.unhandled + right.unhandled,
  ...(right.stored === undefined ? {} : { stored: (left.stored ?? 0) + right.stored })
})

/** Opening a client is not what is measured. */
const first = async (targets: ReadonlyArray<Target>, calls: number): Promise<Calls> => {
  let total: Calls = { millis: 0, processorMillis: 0, ok: 0, unhandled: 0 }
  for (const target of targets) total = sum(total, await run(await open(target), { calls }))
  return total
}

const answer = async (command: Command): Promise<unknown> => {
  switch (command.do) {
    case "open":
      await open(command.target)
      return {}
    case "call":
      return run(opened(), command.load)
    case "first":
      return first(command.targets, command.calls)
    case "steps":
      return { steps: await opened().steps?.(decisions) }
    case "traced":
      setFlagsFromString("--trace-gc-nvp")
      await run(opened(), command.load)
      return process.exit(0)
  }
}

process.on("message", async (command: Command) => say(await answer(command)))
say({})

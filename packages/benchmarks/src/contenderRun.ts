/**
 * A contender in a process of its own, where no other library shares its heap and its compiled code:
 * `contenderRun.js <contender>`. It is told line by line what to do, and answers with a line of JSON; see `inProcess.ts`.
 */
import { createInterface } from "node:readline"
import { type Client, decisions, runCalls, type Target } from "./contender.js"
import { contenderNamed } from "./contenders/byName.js"
import type { Answers, Calls, Command } from "./inProcess.js"
import { profiled } from "./profile.js"

const contender = contenderNamed(process.argv[2])
let client: Client | undefined

const repeated = (count: number) => Array.from({ length: count }, () => decisions)

const opened = (): Client => {
  if (client === undefined) throw new Error("there is no client yet")
  return client
}

const measured = async <A>(work: () => Promise<A>) => {
  const processor = process.cpuUsage()
  const start = performance.now()
  const result = await work()
  const millis = performance.now() - start
  const { system, user } = process.cpuUsage(processor)
  return { result, millis, processorMillis: (system + user) / 1000 }
}

const run = async (paths: ReadonlyArray<string>, concurrency: number): Promise<Calls> => {
  const { millis, processorMillis, result } = await measured(() => runCalls(opened(), paths, concurrency))
  return { millis, processorMillis, ok: result["200"] ?? 0 }
}

const open = async (target: Target) => {
  await client?.close()
  client = await contender.open(target)
  return null
}

const tokens = async (reads: number): Promise<Answers["tokens"]> => {
  const { readTokens, token } = opened()
  if (readTokens === undefined && token === undefined) return null
  const { millis } = await measured(async () => {
    if (readTokens !== undefined) await readTokens(reads)
    else for (let read = 0; read < reads; read++) await token?.()
  })
  return { millis }
}

const answer = (command: Command): Promise<Answers[Command["do"]]> => {
  switch (command.do) {
    case "open":
      return open(command.target)
    case "run":
      return run(command.paths, command.concurrency)
    case "repeat":
      return run(repeated(command.calls), command.concurrency)
    case "profile":
      return profiled(() => runCalls(opened(), repeated(command.calls), command.concurrency))
    case "tokens":
      return tokens(command.reads)
  }
}

console.log("null")
for await (const line of createInterface(process.stdin))
  console.log(JSON.stringify(await answer(JSON.parse(line))))
process.exit(0)

/** Where the time of a piece of work goes, by the code that spends it. */
import { Session } from "node:inspector/promises"

/** What a function belongs to. */
const categoryOf = (name: string, url: string): string => {
  if (name === "(garbage collector)") return "garbage collection"
  if (name === "(idle)") return "waiting for the server"
  if (url.includes("/node_modules/effect/")) return "Effect: fibers"
  if (url.includes("/@effect/platform")) return "Effect: requests, headers"
  if (url.includes("/packages/core/")) return "effect-adobe-pass"
  if (url.includes("/packages/node/")) return "its transport"
  if (url.includes("/undici/") || url.startsWith("wasm:")) return "undici"
  if (url === "" || url.startsWith("node:")) return "Node.js and kernel"
  return "the benchmark"
}

/** Runs the work under the profiler of the engine; answers with microseconds by category. */
export const profiled = async (work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> => {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: 200 })
  await session.post("Profiler.start")
  await work()
  const { profile } = await session.post("Profiler.stop")
  session.disconnect()
  const category = new Map(
    profile.nodes.map(({ callFrame, id }) => [id, categoryOf(callFrame.functionName, callFrame.url)])
  )
  const spent: Record<string, number> = {}
  profile.samples?.forEach((id, index) => {
    const name = category.get(id) ?? "the benchmark"
    spent[name] = (spent[name] ?? 0) + (profile.timeDeltas?.[index] ?? 0)
  })
  return spent
}

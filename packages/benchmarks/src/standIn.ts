/** The stand-in server, as a scenario uses it. */
import { Effect, type Scope } from "effect"
import { type ProcessFailed, server } from "./process.js"

export interface Counts {
  readonly register: number
  readonly token: number
  readonly api: number
  readonly ok: number
  readonly unauthorized: number
}

export interface StandIn {
  readonly baseUrl: string
  /** What the server has counted since `reset`. */
  readonly counts: Effect.Effect<Counts>
  /** `reset`, `revoke`, `ttl?seconds=`, `tokens?mode=`. */
  readonly control: (command: string) => Effect.Effect<unknown>
}

export const standIn: Effect.Effect<StandIn, ProcessFailed, Scope.Scope> = Effect.map(
  server("./server.js"),
  (baseUrl) => {
    const ask = async (command: string): Promise<Counts> =>
      JSON.parse(await (await fetch(`${baseUrl}/_control/${command}`)).text())
    return {
      baseUrl,
      counts: Effect.promise(() => ask("counts")),
      control: (command) => Effect.promise(() => ask(command))
    }
  }
)

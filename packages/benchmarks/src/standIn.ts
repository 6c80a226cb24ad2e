/** The stand-in server in a process of its own, as a scenario uses it. */
import { Effect, Schema, type Scope } from "effect"
import { message, type ProcessFailed, script } from "./process.js"

const Counts = Schema.Struct({
  register: Schema.Number,
  token: Schema.Number,
  ok: Schema.Number,
  unauthorized: Schema.Number,
  throttled: Schema.Number
})

/** What the server has been asked for since `reset`. */
export type Counts = typeof Counts.Type

export interface StandIn {
  readonly baseUrl: string
  readonly counts: Effect.Effect<Counts>
  /** See `server.ts`. */
  readonly control: (command: string) => Effect.Effect<void>
}

export const standIn: Effect.Effect<StandIn, ProcessFailed, Scope.Scope> = Effect.map(
  Effect.flatMap(script("./server.js", {}), message),
  (said) => {
    const baseUrl = `${said}`
    const ask = (command: string) =>
      Effect.promise(async () => (await fetch(`${baseUrl}/_control/${command}`)).text())
    return {
      baseUrl,
      counts: Effect.map(ask("counts"), Schema.decodeSync(Schema.parseJson(Counts))),
      control: (command) => Effect.asVoid(ask(command))
    }
  }
)

/** A contender in a process of its own, as a scenario uses it. */
import { Effect, Schema, type Scope } from "effect"
import type { Target } from "./contender.js"
import type { Entry } from "./contenders/index.js"
import { ended, message, type Options, ProcessFailed, script } from "./process.js"

/** So many calls of these paths in turn, or of the usual one. */
export interface Load {
  readonly calls: number
  /** How many at a time. @default all */
  readonly concurrency?: number
  readonly paths?: ReadonlyArray<string>
}

/** What a contender can be told. */
export type Command =
  | { readonly do: "open"; readonly target: Target }
  | { readonly do: "call"; readonly load: Load }
  /** For each of these devices a client of its own, and so many calls at once. */
  | { readonly do: "first"; readonly targets: ReadonlyArray<Target>; readonly calls: number }
  /** How many turns of fibers a call takes. */
  | { readonly do: "steps" }
  /** Calls for which the engine prints what it collects. The process ends after them. */
  | { readonly do: "traced"; readonly load: Load }

const Calls = Schema.Struct({
  millis: Schema.Number,
  /** Of the whole process. */
  processorMillis: Schema.Number,
  /** Answered with 200. */
  ok: Schema.Number,
  /** Promises that were rejected, and that nobody looked at. */
  unhandled: Schema.Number,
  /** What the store was asked for, where there is one. */
  stored: Schema.optional(Schema.Number)
})

/** What became of calls. */
export type Calls = typeof Calls.Type

const Nothing = Schema.Struct({})
const Steps = Schema.Struct({ steps: Schema.optional(Schema.Number) })

export interface ContenderProcess {
  readonly open: (target: Target) => Effect.Effect<void, ProcessFailed>
  readonly call: (load: Load) => Effect.Effect<Calls, ProcessFailed>
  readonly first: (targets: ReadonlyArray<Target>, calls: number) => Effect.Effect<Calls, ProcessFailed>
  readonly steps: Effect.Effect<number | undefined, ProcessFailed>
  /** What the engine printed about the garbage of these calls. */
  readonly traced: (load: Load) => Effect.Effect<string, ProcessFailed>
}

/** Starts a contender; its process ends with the scope. */
export const inProcess = (
  { name }: Entry,
  flags: Options["flags"] = []
): Effect.Effect<ContenderProcess, ProcessFailed, Scope.Scope> =>
  Effect.gen(function* () {
    let printed = ""
    const child = yield* script("./contenderRun.js", {
      args: [name],
      flags,
      onOutput: (text) => {
        printed += text
      }
    })
    yield* message(child)
    const told = (command: Command) => Effect.sync(() => void child.send(command))
    const ask = <A, I>(schema: Schema.Schema<A, I>, command: Command): Effect.Effect<A, ProcessFailed> =>
      Effect.flatMap(Effect.zipRight(told(command), message(child)), Schema.decodeUnknown(schema)).pipe(
        Effect.mapError((error) =>
          error._tag === "ProcessFailed" ? error : new ProcessFailed({ message: `${name}: ${error.message}` })
        )
      )
    return {
      open: (target) => ask(Nothing, { do: "open", target }),
      call: (load) => ask(Calls, { do: "call", load }),
      first: (targets, calls) => ask(Calls, { do: "first", targets, calls }),
      steps: Effect.map(ask(Steps, { do: "steps" }), ({ steps }) => steps),
      traced: (load) => Effect.map(Effect.zipRight(told({ do: "traced", load }), ended(child)), () => printed)
    }
  })

/** Key-value stores whose content a test sees, and that fail when it wants them to. */
import { KeyValueStore, Error as PlatformError } from "@effect/platform"
import { Effect, Layer, Logger, Option } from "effect"

const failure = (reason: PlatformError.SystemErrorReason, method: string) =>
  new PlatformError.SystemError({
    reason,
    module: "KeyValueStore",
    method,
    pathOrDescriptor: "a-secret-path",
    description: "a-secret-description"
  })

/** A store on a map. `fault` is what the next operations fail with; those that `hang` never end, `stuck` ones in no way. */
export const store = () => {
  const content = new Map<string, string>()
  const state: { fault?: PlatformError.SystemErrorReason | "hang" | "stuck" | undefined } = {}
  const operation = <A>(method: string, run: () => A): Effect.Effect<A, PlatformError.PlatformError> =>
    Effect.suspend(() => {
      if (state.fault === "hang") return Effect.never
      if (state.fault === "stuck") return Effect.uninterruptible(Effect.never)
      return state.fault === undefined ? Effect.sync(run) : Effect.fail(failure(state.fault, method))
    })
  const layer = Layer.succeed(
    KeyValueStore.KeyValueStore,
    KeyValueStore.makeStringOnly({
      get: (key) => operation("get", () => Option.fromNullable(content.get(key))),
      set: (key, value) => operation("set", () => content.set(key, value)),
      remove: (key) => operation("remove", () => content.delete(key)),
      clear: operation("clear", () => content.clear()),
      size: operation("size", () => content.size)
    })
  )
  return { content, state, layer }
}

/** Runs an effect, and tells its result with what it logged. */
export const withLog = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.logfmtLogger, (line) => void lines.push(line))
    return Effect.map(
      Effect.provide(effect, Logger.replace(Logger.defaultLogger, logger)),
      (result) => [result, lines] as const
    )
  })

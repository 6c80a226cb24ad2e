import { Context, Effect, Layer, Ref } from "effect"

/**
 * Whether this node should be sent requests: nobody has told it to stop. It listens only after its database has answered. One
 * that goes away later takes no node away: all of them share it, and they go on with the devices in memory.
 */
export class Readiness extends Context.Tag("service/Readiness")<
  Readiness,
  {
    readonly isReady: Effect.Effect<boolean>
    readonly isStopping: Effect.Effect<boolean>
    readonly stop: Effect.Effect<void>
  }
>() {}

export const layer = Layer.effect(
  Readiness,
  Effect.map(Ref.make(false), (stopping) => ({
    isReady: Effect.negate(Ref.get(stopping)),
    isStopping: Ref.get(stopping),
    stop: Ref.set(stopping, true)
  }))
)

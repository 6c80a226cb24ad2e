import * as Effect from "effect/Effect"

/**
 * `Effect.catchAll`, which makes two object literals for each effect and takes a step of the fiber more when nothing
 * fails: here it does so only when something does.
 */
export const caught = <A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R>,
  recover: (error: E) => Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E2, R | R2> =>
  Effect.catchAllCause(self, (cause) => Effect.catchAll(Effect.failCause(cause), recover))

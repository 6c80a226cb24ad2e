/** What goes wrong with single records: the first ones are told, all are counted. */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Output from "../Output.js"

/** More would scroll away what matters. */
const told = 20

/** Problems so far. */
export interface Problems {
  readonly add: (where: string, message: string) => Effect.Effect<void, never, Output.Output>
  readonly count: Effect.Effect<number>
}

export const Problems: { readonly make: Effect.Effect<Problems> } = {
  make: Effect.map(Ref.make(0), (count) => ({
    add: (where, message) =>
      Effect.flatMap(
        Ref.updateAndGet(count, (before) => before + 1),
        (now) => {
          if (now <= told) return Output.note(`${where}: ${message}`)
          return now === told + 1 ? Output.note("More are counted, and not told one by one.") : Effect.void
        }
      ),
    count: Ref.get(count)
  }))
}

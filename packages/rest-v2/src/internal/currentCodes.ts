import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"

interface Entry<E> {
  readonly code: string
  readonly replaced: Deferred.Deferred<never, E>
  polls: number
}

/** The code that is polled for each device: one at a time, by as many polls as one likes. */
export class CurrentCodes<E> {
  readonly #entries = new Map<string, Entry<E>>()
  readonly #replacement: () => E

  /** `replacement`: what the polls of a code fail with when another one takes its place. */
  constructor(replacement: () => E) {
    this.#replacement = replacement
  }

  /** Ends the polls of a device. */
  end(device: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const entry = this.#entries.get(device)
      this.#entries.delete(device)
      return this.#fail(entry)
    })
  }

  /** Ends the polls of the device for other codes. The result fails when this code is replaced, and never succeeds. */
  enter(device: string, code: string): Effect.Effect<Effect.Effect<never, E>, never, Scope.Scope> {
    return Effect.acquireRelease(this.#join(device, code), (entry) => this.#leave(device, entry)).pipe(
      Effect.map(({ replaced }) => Deferred.await(replaced))
    )
  }

  #join(device: string, code: string): Effect.Effect<Entry<E>> {
    return Effect.suspend(() => {
      const found = this.#entries.get(device)
      if (found?.code === code) {
        found.polls++
        return Effect.succeed(found)
      }
      const entry = { code, replaced: Deferred.unsafeMake<never, E>(FiberId.none), polls: 1 }
      this.#entries.set(device, entry)
      return Effect.as(this.#fail(found), entry)
    })
  }

  #leave(device: string, entry: Entry<E>): Effect.Effect<void> {
    return Effect.sync(() => {
      entry.polls--
      if (entry.polls === 0 && this.#entries.get(device) === entry) this.#entries.delete(device)
    })
  }

  #fail(entry: Entry<E> | undefined): Effect.Effect<void> {
    return entry === undefined ? Effect.void : Deferred.fail(entry.replaced, this.#replacement())
  }
}

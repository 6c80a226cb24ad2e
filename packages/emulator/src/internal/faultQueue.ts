/** The scripted faults that wait for a request. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Fault } from "../Fault.js"
import type { FailOptions } from "../Script.js"
import type { ReceivedRequest, Route } from "../Traffic.js"

/** The fault that strikes a request. `use` counts the strike, once nothing else has answered the request. */
export interface Strike {
  readonly fault: Fault
  readonly use: () => void
}

interface Queued {
  readonly options: FailOptions
  left: number
}

export class FaultQueue {
  readonly #queued = new Set<Queued>()

  add(options: FailOptions): void {
    this.#queued.add({
      options,
      left: options.times ?? (options.probability === undefined ? 1 : Number.POSITIVE_INFINITY)
    })
  }

  get isEmpty(): boolean {
    return this.#queued.size === 0
  }

  /** Oldest first; `left` may be infinite. */
  queued(): ReadonlyArray<Readonly<Queued>> {
    return [...this.#queued]
  }

  clear(): void {
    this.#queued.clear()
  }

  /** The oldest fault that matches the request and happens. It stays queued until it is used. */
  find(route: Route, request: ReceivedRequest): Effect.Effect<Strike | undefined> {
    const matching = [...this.#queued].filter(
      ({ options }) => options.route === route && (options.when?.(request) ?? true)
    )
    const happens = ({ options: { probability = 1 } }: Queued) =>
      probability >= 1 ? Effect.succeed(true) : Effect.map(Random.next, (drawn) => drawn < probability)
    return Effect.map(Effect.findFirst(matching, happens), (found) =>
      found._tag === "None" ? undefined : this.#strike(found.value)
    )
  }

  #strike(queued: Queued): Strike {
    return {
      fault: queued.options.fault,
      use: () => {
        queued.left -= 1
        if (queued.left <= 0) this.#queued.delete(queued)
      }
    }
  }
}

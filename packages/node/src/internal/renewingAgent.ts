import type * as Clock from "effect/Clock"
import * as Undici from "undici"

/** An agent, and its pools, which it forgets when it closes. */
interface Generation {
  readonly agent: Undici.Dispatcher
  readonly pools: Set<Undici.Dispatcher>
}

/**
 * A dispatcher that sends requests to an agent of undici and replaces the agent at the first request after its maximum
 * age. An agent that was replaced closes when its last request ends. @internal
 */
export class RenewingAgent extends Undici.Dispatcher {
  readonly #make: () => Generation
  readonly #clock: Clock.Clock
  readonly #maximumAge: bigint
  readonly #closing = new Set<Generation>()
  #current: Generation
  #renewAt: bigint
  #isEnded = false

  /** `make` adds the pools of an agent, which it may make at any time, to the set. `maximumAge` in milliseconds. */
  constructor(
    make: (pools: Set<Undici.Dispatcher>) => Undici.Dispatcher,
    clock: Clock.Clock,
    maximumAge: number
  ) {
    super()
    this.#make = () => {
      const pools = new Set<Undici.Dispatcher>()
      return { agent: make(pools), pools }
    }
    this.#clock = clock
    this.#maximumAge = BigInt(Math.round(maximumAge * 1_000_000))
    this.#current = this.#make()
    this.#renewAt = clock.unsafeCurrentTimeNanos() + this.#maximumAge
  }

  override dispatch(
    options: Undici.Dispatcher.DispatchOptions,
    handler: Undici.Dispatcher.DispatchHandler
  ): boolean {
    const now = this.#clock.unsafeCurrentTimeNanos()
    if (now >= this.#renewAt && !this.#isEnded) {
      this.#close(this.#current)
      this.#current = this.#make()
      this.#renewAt = now + this.#maximumAge
    }
    return this.#current.agent.dispatch(options, handler)
  }

  /** Ends all connections, including those of running requests. The last agent refuses what comes later. */
  async end(): Promise<void> {
    this.#isEnded = true
    const generations = [this.#current, ...this.#closing]
    await Promise.all(
      generations.flatMap(({ agent, pools }) => [
        agent.destroy(),
        ...[...pools].map((pool) => pool.destroy())
      ])
    )
  }

  /** Lets an agent finish its requests. */
  #close(generation: Generation): void {
    const closed = () => this.#closing.delete(generation)
    this.#closing.add(generation)
    // Rejected only when `end` destroys the agent first.
    generation.agent.close().then(closed, closed)
  }
}

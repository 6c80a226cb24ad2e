import type * as Clock from "effect/Clock"
import * as Undici from "undici"

/**
 * A dispatcher that sends requests to an agent of undici and replaces the agent at the first request after its maximum
 * age. An agent that was replaced closes when its last request ends. @internal
 */
export class RenewingAgent extends Undici.Dispatcher {
  readonly #make: () => Undici.Dispatcher
  readonly #clock: Clock.Clock
  readonly #maximumAge: bigint
  readonly #closing = new Set<Undici.Dispatcher>()
  #current: Undici.Dispatcher
  #renewAt: bigint
  #isEnded = false

  /** `maximumAge` in milliseconds. */
  constructor(make: () => Undici.Dispatcher, clock: Clock.Clock, maximumAge: number) {
    super()
    this.#make = make
    this.#clock = clock
    this.#maximumAge = BigInt(Math.round(maximumAge * 1_000_000))
    this.#current = make()
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
    return this.#current.dispatch(options, handler)
  }

  /** Ends all connections, including those of running requests. The last agent refuses what comes later. */
  async end(): Promise<void> {
    this.#isEnded = true
    await Promise.all([this.#current, ...this.#closing].map((agent) => agent.destroy()))
  }

  /** Lets an agent finish its requests. */
  #close(agent: Undici.Dispatcher): void {
    const closed = () => this.#closing.delete(agent)
    this.#closing.add(agent)
    // Rejected only when `end` destroys the agent first.
    agent.close().then(closed, closed)
  }
}

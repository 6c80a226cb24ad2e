import type * as Clock from "effect/Clock"
import * as Undici from "undici"

/**
 * A dispatcher whose connections are renewed: it gives every request to the agent of the present generation. It needs
 * neither a timer nor a fiber. @internal
 */
export class Generations extends Undici.Dispatcher {
  readonly #make: () => Undici.Agent
  readonly #clock: Clock.Clock
  readonly #maximumAge: bigint
  readonly #retiring = new Set<Undici.Agent>()
  #current: Undici.Agent
  #until: bigint

  /** `maximumAge` in milliseconds. */
  constructor(make: () => Undici.Agent, clock: Clock.Clock, maximumAge: number) {
    super()
    this.#make = make
    this.#clock = clock
    this.#maximumAge = BigInt(Math.round(maximumAge * 1_000_000))
    this.#current = make()
    this.#until = clock.unsafeCurrentTimeNanos() + this.#maximumAge
  }

  override dispatch(
    options: Undici.Dispatcher.DispatchOptions,
    handler: Undici.Dispatcher.DispatchHandler
  ): boolean {
    const now = this.#clock.unsafeCurrentTimeNanos()
    if (now >= this.#until) {
      this.#retire(this.#current)
      this.#current = this.#make()
      this.#until = now + this.#maximumAge
    }
    return this.#current.dispatch(options, handler)
  }

  /** Ends everything, also the calls that are under way. */
  async end(): Promise<void> {
    await Promise.all([this.#current, ...this.#retiring].map((agent) => agent.destroy()))
  }

  /** Lets an agent finish the calls it has. */
  #retire(agent: Undici.Agent): void {
    const gone = () => this.#retiring.delete(agent)
    this.#retiring.add(agent)
    // It is rejected only when `end` destroys the agent before it is done.
    agent.close().then(gone, gone)
  }
}

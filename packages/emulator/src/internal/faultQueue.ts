/** The scripted faults that wait for a request. */
import type { FailOptions } from "../Script.js"
import type { ReceivedRequest, Route } from "../Traffic.js"

export interface QueuedFault {
  readonly options: FailOptions
  left: number
}

export class FaultQueue {
  readonly #queued: Array<QueuedFault> = []

  add(options: FailOptions): void {
    this.#queued.push({ options, left: options.times ?? 1 })
  }

  clear(): void {
    this.#queued.splice(0)
  }

  /** The oldest fault that matches the request. It stays queued until `use`. */
  find(route: Route, request: ReceivedRequest): QueuedFault | undefined {
    return this.#queued.find(({ options }) => options.route === route && (options.when?.(request) ?? true))
  }

  use(queued: QueuedFault): void {
    queued.left -= 1
    if (queued.left <= 0) this.#queued.splice(this.#queued.indexOf(queued), 1)
  }
}

/** The failures of MVPDs that a script has asked for. */
import type { EnhancedErrorCode } from "../../EnhancedErrorCode.js"
import type { MvpdFailure, MvpdOperation } from "../../Script.js"

interface Waiting {
  readonly failure: MvpdFailure
  left: number
}

export class MvpdFailures {
  readonly #waiting = new Set<Waiting>()

  add(failure: MvpdFailure): void {
    this.#waiting.add({ failure, left: failure.times ?? 1 })
  }

  /** Oldest first; `left` may be infinite. */
  waiting(): ReadonlyArray<Readonly<Waiting>> {
    return [...this.#waiting]
  }

  clear(): void {
    this.#waiting.clear()
  }

  /** The code that an operation fails with, or its decision on a resource; uses up one time. */
  take(mvpd: string, operation: MvpdOperation, resource?: string): EnhancedErrorCode | undefined {
    for (const waiting of this.#waiting) {
      const { failure } = waiting
      const isMeant =
        failure.mvpd === mvpd &&
        (failure.operation ?? operation) === operation &&
        failure.resource === resource
      if (!isMeant) continue
      waiting.left -= 1
      if (waiting.left <= 0) this.#waiting.delete(waiting)
      return failure.code
    }
    return undefined
  }
}

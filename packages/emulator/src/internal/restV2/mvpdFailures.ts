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

  /** The code that an operation fails with; uses up one time. */
  take(mvpd: string, operation: MvpdOperation): EnhancedErrorCode | undefined {
    for (const waiting of this.#waiting) {
      const { failure } = waiting
      if (failure.mvpd !== mvpd || (failure.operation ?? operation) !== operation) continue
      waiting.left -= 1
      if (waiting.left <= 0) this.#waiting.delete(waiting)
      return failure.code
    }
    return undefined
  }
}

/** Timeouts of one length: a single timer serves all of them. */

/** The longest delay of a timer; Node.js replaces a longer one by a millisecond. */
const longestDelay = 2 ** 31 - 1

/** Something with a timeout; it is in one list at most. @internal */
export abstract class TimeoutEntry {
  expiresAt = 0
  list: TimeoutList | undefined
  previous: TimeoutEntry | undefined
  next: TimeoutEntry | undefined
  abstract onTimeout(): void
}

/** A linked list of entries in the order in which they expire. @internal */
export class TimeoutList {
  readonly millis: number
  #first: TimeoutEntry | undefined
  #last: TimeoutEntry | undefined
  #isScheduled = false

  constructor(millis: number) {
    this.millis = Math.min(millis, longestDelay)
  }

  /** Starts the timeout of an entry, again if it is in a list. */
  add(entry: TimeoutEntry): void {
    entry.list?.remove(entry)
    entry.list = this
    entry.expiresAt = performance.now() + this.millis
    entry.previous = this.#last
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
    if (!this.#isScheduled) this.#schedule(this.millis)
  }

  /** Cancels the timeout of an entry. Does nothing when the entry is not in this list. */
  remove(entry: TimeoutEntry): void {
    if (entry.list !== this) return
    if (entry.previous === undefined) this.#first = entry.next
    else entry.previous.next = entry.next
    if (entry.next === undefined) this.#last = entry.previous
    else entry.next.previous = entry.previous
    entry.list = undefined
    entry.previous = undefined
    entry.next = undefined
  }

  #schedule(millis: number): void {
    this.#isScheduled = true
    // The connection keeps the process alive; the timer must not.
    setTimeout(() => this.#expire(), Math.ceil(millis)).unref()
  }

  #expire(): void {
    const now = performance.now()
    for (let entry = this.#first; entry !== undefined && entry.expiresAt <= now; entry = this.#first) {
      this.remove(entry)
      entry.onTimeout()
    }
    this.#isScheduled = false
    if (this.#first !== undefined) this.#schedule(this.#first.expiresAt - now)
  }
}

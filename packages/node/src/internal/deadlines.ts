/** Time limits that are all equally long: one timer serves them, whatever their number. */

/** What has a time limit, as a member of one list. @internal */
export abstract class Limited {
  dueAt = 0
  before: Limited | undefined
  after: Limited | undefined
  abstract expire(): void
}

/** @internal */
export class Deadlines {
  readonly #millis: number
  #first: Limited | undefined
  #last: Limited | undefined
  #armed = false

  constructor(millis: number) {
    this.#millis = millis
  }

  /** The entry expires after the time, unless it is removed before. */
  add(entry: Limited): void {
    entry.dueAt = performance.now() + this.#millis
    entry.before = this.#last
    if (this.#last === undefined) this.#first = entry
    else this.#last.after = entry
    this.#last = entry
    if (!this.#armed) this.#arm(this.#millis)
  }

  /** Does nothing when the entry is not here. */
  remove(entry: Limited): void {
    if (entry.before === undefined && this.#first !== entry) return
    if (entry.before === undefined) this.#first = entry.after
    else entry.before.after = entry.after
    if (entry.after === undefined) this.#last = entry.before
    else entry.after.before = entry.before
    entry.before = undefined
    entry.after = undefined
  }

  #arm(millis: number): void {
    this.#armed = true
    // A connection that is waited for keeps the process alive, and nothing else should.
    setTimeout(() => this.#sweep(), Math.ceil(millis)).unref()
  }

  #sweep(): void {
    const now = performance.now()
    for (let entry = this.#first; entry !== undefined && entry.dueAt <= now; entry = this.#first) {
      this.remove(entry)
      entry.expire()
    }
    this.#armed = false
    if (this.#first !== undefined) this.#arm(this.#first.dueAt - now)
  }
}

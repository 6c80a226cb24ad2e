interface Moving {
  /** How many moves there had been when this one was moved to the end. */
  movedAt: number
}

/**
 * A map whose end is for what was used last, to a sixteenth of its size.
 *
 * What is among the last sixteenth stays where it is: a map keeps what was removed in its chains until the next rehash,
 * and a key that is removed and set again at each use has a long one.
 *
 * @internal
 */
export class Recent<V extends Moving> extends Map<string, V> {
  private moves = 0

  /** Adds what is not there yet. */
  add(key: string, value: V): void {
    this.moves += 1
    value.movedAt = this.moves
    this.set(key, value)
  }

  /** What is there, and is used now. */
  use(key: string): V | undefined {
    const known = this.get(key)
    if (known !== undefined && this.moves - known.movedAt > this.size >> 4) {
      this.delete(key)
      this.add(key, known)
    }
    return known
  }
}

interface Entry {
  /** How many moves there had been when this entry was moved to the end. */
  movedAt: number
}

/**
 * A map in the order of use, exact to a sixteenth of its size: the least recently used comes first.
 *
 * An entry among the last sixteenth is not moved: a `Map` keeps removed keys in its chains until it is rehashed, so a key
 * that is removed and set at each use would have a long chain.
 */
export class LruMap<V extends Entry> extends Map<string, V> {
  private moves = 0

  /** Adds a key that is not there yet. */
  add(key: string, value: V): void {
    this.moves += 1
    value.movedAt = this.moves
    this.set(key, value)
  }

  /** Gets a value and makes it the most recently used one. */
  use(key: string): V | undefined {
    const value = this.get(key)
    if (value !== undefined && this.moves - value.movedAt > this.size >> 4) {
      this.delete(key)
      this.add(key, value)
    }
    return value
  }
}

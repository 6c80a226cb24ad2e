/** What a value of the map keeps for it. */
export interface Placed {
  readonly id: string
  /** The place in the list of all values; -1 when it is in no map. */
  place: number
  /** The number of uses of the map when this value was used. */
  usedAt: number
}

/** The number of uses starts again before it is too large for an integer of the engine. */
const maximumUses = 2 ** 30 - 1

/**
 * How many values are compared when one has to go. One that is younger than the median is the oldest of 16 once in
 * 65,536 times, and one of the youngest tenth practically never.
 */
const sampleSize = 16

/**
 * A map that evicts values that were not used for long, approximately: the oldest of some that are chosen at random, as in
 * Redis.
 *
 * Using a value writes a number. In an exact order of use it would be removed and set again, and a `Map` keeps removed keys
 * in its chains, and in the way of those who walk over it, until it is rehashed.
 */
export class LruMap<V extends Placed> {
  readonly #byId = new Map<string, V>()
  readonly #all: Array<V> = []
  readonly #random: () => number
  #uses = 0

  /** `random`: a number from 0 to 1, 1 excluded. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  get size(): number {
    return this.#all.length
  }

  get(id: string): V | undefined {
    return this.#byId.get(id)
  }

  /** Gets a value and makes it the youngest one. */
  use(id: string): V | undefined {
    const value = this.#byId.get(id)
    if (value !== undefined) this.#touch(value)
    return value
  }

  /** Adds a value whose id is not there yet. */
  add(value: V): void {
    this.#byId.set(value.id, value)
    value.place = this.#all.push(value) - 1
    this.#touch(value)
  }

  /** Puts a value in the place of another one with the same id, which is as old. */
  replace(before: V, after: V): void {
    this.#byId.set(after.id, after)
    this.#all[before.place] = after
    after.place = before.place
    after.usedAt = before.usedAt
    before.place = -1
  }

  /** Removes a value, if it is in the map. */
  delete(value: V): void {
    if (value.place < 0) return
    this.#byId.delete(value.id)
    const last = this.#all.pop()
    if (last !== undefined && last !== value) {
      this.#all[value.place] = last
      last.place = value.place
    }
    value.place = -1
  }

  /** The value at a place, from 0 to `size`. Removing a value moves the last one to its place. */
  at(place: number): V | undefined {
    return this.#all[place]
  }

  /** The oldest of some values that may go, or of all if there are few; `undefined` when none of them may. */
  oldest(mayGo: (value: V) => boolean): V | undefined {
    const { length } = this.#all
    let oldest: V | undefined
    for (let n = 0; n < Math.min(length, sampleSize); n++) {
      const value = this.#all[length > sampleSize ? Math.floor(this.#random() * length) : n]
      if (value === undefined || !mayGo(value)) continue
      if (oldest === undefined || this.#age(value) > this.#age(oldest)) oldest = value
    }
    return oldest
  }

  #touch(value: V): void {
    this.#uses = (this.#uses + 1) & maximumUses
    value.usedAt = this.#uses
  }

  #age({ usedAt }: V): number {
    return (this.#uses - usedAt) & maximumUses
  }
}

/**
 * Values by key, of which those that were not used for longest go when there are too many.
 *
 * Effect's `Cache` counts a value that was found again as another one, and then drops it before older ones.
 */
export class RecentlyUsed<V> {
  readonly #capacity: number
  /** In the order of use. */
  readonly #values = new Map<string, V>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  /** The value of a key, which is made if there is none. */
  getOrMake(key: string, make: () => V): V {
    const value = this.#values.get(key) ?? make()
    this.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#values.delete(key)
    this.#values.set(key, value)
    if (this.#values.size <= this.#capacity) return
    const { value: oldest } = this.#values.keys().next()
    if (oldest !== undefined) this.#values.delete(oldest)
  }

  delete(key: string): void {
    this.#values.delete(key)
  }
}

/** A map that forgets its oldest entry when it is full: whoever sends requests chooses the keys. */
export interface Bounded<A> {
  readonly get: (key: string) => A | undefined
  readonly set: (key: string, value: A) => void
  readonly delete: (key: string) => boolean
  readonly values: () => ReadonlyArray<A>
  readonly clear: () => void
}

export const bounded = <A>(limit = 10_000): Bounded<A> => {
  const entries = new Map<string, A>()
  return {
    get: (key) => entries.get(key),
    set: (key, value) => {
      entries.set(key, value)
      const [oldest] = entries.keys()
      if (entries.size > limit && oldest !== undefined) entries.delete(oldest)
    },
    delete: (key) => entries.delete(key),
    values: () => [...entries.values()],
    clear: () => entries.clear()
  }
}

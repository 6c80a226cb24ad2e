/**
 * The name that was probably meant, for messages about one that is not known.
 *
 * @since 0.1.0
 */

/** How many characters differ, are missing or are too many. */
const distance = (left: string, right: string): number => {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const changed = (above[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(changed, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[right.length] ?? 0
}

/** The longest name that is compared. */
const longest = 100

/**
 * The known name that is nearest to a misspelt one; undefined when none is near, that is within a third of its length.
 *
 * @since 0.1.0
 * @category conversions
 */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  if (name.length > longest) return undefined
  const written = name.toLowerCase()
  let best: readonly [name: string, distance: number] | undefined
  for (const candidate of known) {
    const far = distance(written, candidate.toLowerCase())
    if (far <= candidate.length / 3 && (best === undefined || far < best[1])) best = [candidate, far]
  }
  return best?.[0]
}

const lexeme = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/**
 * Whether the object in `text`, which must be valid JSON, has a duplicate top-level member. `JSON.parse` silently keeps
 * the last one, but a repeated parameter is an `invalid_request`.
 */
export const hasRepeatedMember = (text: string): boolean => {
  const seen = new Set<string>()
  let depth = 0
  let last = ""
  for (const [token] of text.matchAll(lexeme)) {
    if (token === "{" || token === "[") depth++
    else if (token === "}" || token === "]") depth--
    else if (token === ":" && depth === 1) {
      const name = String(JSON.parse(last))
      if (seen.has(name)) return true
      seen.add(name)
    }
    last = token
  }
  return false
}

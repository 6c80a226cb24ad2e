/** The names and labels of a PromQL query. Written for queries without subqueries, `@` and metric names as strings. */

/** A selector: the metric, and the labels that it is matched by. */
export interface Selector {
  readonly metric: string
  readonly labels: ReadonlyArray<string>
}

export interface Query {
  readonly selectors: ReadonlyArray<Selector>
  /** The labels of `by`, `on` and their like. */
  readonly grouping: ReadonlyArray<string>
}

type Kind = "string" | "range" | "number" | "name" | "symbol"

interface Token {
  readonly kind: Kind
  readonly text: string
}

const grammar = new RegExp(
  [
    String.raw`(?<string>"(?:[^"\\]|\\.)*")`,
    String.raw`(?<range>\[(?:\d+[smhdw]|\$__rate_interval)\])`,
    String.raw`(?<number>\d+(?:\.\d+)?(?:[smhdw](?!\w))?)`,
    String.raw`(?<name>[A-Za-z_:][\w:]*)`,
    "(?<symbol>=~|!~|!=|==|>=|<=|[-+*/%^(){},=<>])"
  ].join("|"),
  "y"
)

const kinds: ReadonlyArray<Kind> = ["string", "range", "number", "name", "symbol"]

const tokensOf = (query: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  let at = 0
  while (at < query.length) {
    if (/\s/.test(query.charAt(at))) {
      at++
      continue
    }
    grammar.lastIndex = at
    const groups = grammar.exec(query)?.groups
    const kind = kinds.find((kind) => groups?.[kind] !== undefined)
    const text = kind === undefined ? undefined : groups?.[kind]
    if (kind === undefined || text === undefined) {
      throw new Error(`PromQL that this reader does not know, at ${at} of ${query}`)
    }
    tokens.push({ kind, text })
    at += text.length
  }
  return tokens
}

const groupings = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"])
const words = new Set(["and", "or", "unless", "offset", "bool"])
const functions = new Set(["sum", "max", "rate", "increase", "histogram_quantile", "abs", "vector"])

/** What stands between a bracket and its end, and the index after it. */
const within = (
  tokens: ReadonlyArray<Token>,
  open: number,
  close: string
): readonly [Array<Token>, number] => {
  const end = tokens.findIndex(({ text }, at) => at > open && text === close)
  if (end === -1) throw new Error(`no ${close} for token ${open}`)
  return [tokens.slice(open + 1, end), end + 1]
}

/** The labels of `{a="b", c=~"d"}` without its braces. */
const matchedLabels = (tokens: ReadonlyArray<Token>): ReadonlyArray<string> => {
  const labels: Array<string> = []
  for (let at = 0; at < tokens.length; at += 4) {
    const [label, operator, value, comma] = tokens.slice(at, at + 4)
    const isMatcher =
      label?.kind === "name" &&
      ["=", "!=", "=~", "!~"].includes(operator?.text ?? "") &&
      value?.kind === "string" &&
      (comma === undefined || comma.text === ",")
    if (!isMatcher || label === undefined)
      throw new Error(`no matcher: ${tokens.map(({ text }) => text).join(" ")}`)
    labels.push(label.text)
  }
  return labels
}

/** Reads a query, and throws at what it does not know: a function of another name, or an operator. */
export const read = (query: string): Query => {
  const tokens = tokensOf(query)
  const selectors: Array<Selector> = []
  const grouping: Array<string> = []
  let at = 0
  while (at < tokens.length) {
    const token = tokens[at]
    const next = tokens[at + 1]
    if (token === undefined) break
    at++
    if (token.kind !== "name" || words.has(token.text)) continue
    if (groupings.has(token.text)) {
      const [labels, end] = within(tokens, at, ")")
      grouping.push(...labels.filter(({ kind }) => kind === "name").map(({ text }) => text))
      at = end
    } else if (next?.text === "(" || groupings.has(next?.text ?? "")) {
      if (!functions.has(token.text)) throw new Error(`the function ${token.text} is not known: ${query}`)
    } else if (next?.text === "{") {
      const [matchers, end] = within(tokens, at, "}")
      selectors.push({ metric: token.text, labels: matchedLabels(matchers) })
      at = end
    } else {
      selectors.push({ metric: token.text, labels: [] })
    }
  }
  return { selectors, grouping }
}

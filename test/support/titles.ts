/** A test as it stands in the source: the titles of its describes, and its own. */
export interface FoundTest {
  /** The titles from the outside in, joined by ` > `. */
  readonly name: string
  /** The requirements that the titles cite in parentheses, as in `(A6)` or `(A7, A8)`. */
  readonly cites: ReadonlyArray<string>
}

/** The requirements that a text cites in parentheses. */
export const citations = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/\(([A-Z]\d{1,2}(?:, [A-Z]\d{1,2})*)\)/g)].flatMap(([, list = ""]) => list.split(", "))

interface Open {
  readonly bracket: string
  readonly before: string
  readonly title: string | undefined
}

const closing: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{", ">": "<" }

/** What is called: text before a parenthesis, without groups such as `(cases)` and `<Types>` at its end. */
const callee = (text: string): string => {
  let rest = text.trimEnd()
  while (closing[rest.slice(-1)] !== undefined) {
    const [close = "", open = ""] = [rest.slice(-1), closing[rest.slice(-1)] ?? ""]
    let depth = 0
    let at = rest.length - 1
    for (; at >= 0; at--) {
      // An arrow in a type closes nothing.
      if (rest[at] === close && !(close === ">" && rest[at - 1] === "=")) depth += 1
      if (rest[at] === open) depth -= 1
      if (depth === 0) break
    }
    rest = rest.slice(0, at).trimEnd()
  }
  return /(?:^|[^\w.$])((?:it|test|describe)(?:\s*\.\s*\w+)*)$/.exec(rest)?.[1] ?? ""
}

/**
 * The tests of a source file, found without running it: calls of `it`, `test` and `describe`, with whatever modifiers,
 * whose first argument is a text. In a template an expression stays as it is written.
 */
export const testsIn = (source: string): ReadonlyArray<FoundTest> => {
  const found: Array<FoundTest> = []
  const open: Array<Open> = []
  /** The source with the content of texts, regular expressions and comments left out, for looking back. */
  let code = ""
  let at = 0

  const readText = (quote: string): string => {
    let text = ""
    for (at += 1; at < source.length && source[at] !== quote; at++) {
      if (source[at] === "\\") {
        at += 1
        text += source[at] === "n" ? "\n" : (source[at] ?? "")
      } else text += source[at] ?? ""
    }
    at += 1
    return text
  }

  const skipRegExp = () => {
    let inClass = false
    for (at += 1; at < source.length && (inClass || source[at] !== "/"); at++) {
      if (source[at] === "\\") at += 1
      else if (source[at] === "[") inClass = true
      else if (source[at] === "]") inClass = false
    }
    at += 1
  }

  while (at < source.length) {
    const char = source[at] ?? ""
    if (source.startsWith("//", at)) {
      at = source.indexOf("\n", at) === -1 ? source.length : source.indexOf("\n", at)
    } else if (source.startsWith("/*", at)) {
      at = source.indexOf("*/", at) + 2
    } else if (char === "/" && /(?:[(,=:[!&|?{};]|=>|return)\s*$/.test(code)) {
      skipRegExp()
      code += "0"
    } else if (char === '"' || char === "'" || char === "`") {
      const text = readText(char)
      const call = open.at(-1)
      if (call?.bracket === "(" && call.title === undefined && code.trimEnd().endsWith("(")) {
        const called = callee(call.before)
        if (called !== "") {
          open[open.length - 1] = { ...call, title: called.startsWith("describe") ? text : "" }
          if (!called.startsWith("describe")) {
            const titles = [
              ...open.flatMap(({ title }) => (title === undefined || title === "" ? [] : [title])),
              text
            ]
            const name = titles.join(" > ")
            found.push({ name, cites: [...new Set(citations(name))] })
          }
        }
      }
      code += '""'
    } else {
      if (char === "(" || char === "[" || char === "{")
        open.push({ bracket: char, before: code, title: undefined })
      if (char === ")" || char === "]" || char === "}") open.pop()
      code += char
      at += 1
    }
  }
  return found
}

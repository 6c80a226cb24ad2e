/** HTML as a value that is escaped when it is made, so that text from a request cannot become markup. */

/** Markup. Only `html` makes it. */
export class Html {
  constructor(readonly markup: string) {}
}

/** What a template may contain: lists are joined, and what is absent leaves nothing. */
export type Content = Html | string | number | undefined | false | ReadonlyArray<Content>

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "")

const render = (content: Content): string => {
  if (content === undefined || content === false) return ""
  if (content instanceof Html) return content.markup
  if (typeof content === "string" || typeof content === "number") return escaped(`${content}`)
  return content.map(render).join("")
}

/** A template of markup. Attribute values must be quoted. */
export const html = (parts: TemplateStringsArray, ...contents: ReadonlyArray<Content>): Html =>
  new Html(parts.map((part, n) => part + render(contents[n])).join(""))

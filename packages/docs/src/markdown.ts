/** What a page of Markdown says of itself, and where it links to. */

const fence = /^ {0,3}(```+|~~~+)/

/** The text with every part outside of its code blocks replaced. */
export const outsideCode = (markdown: string, replace: (text: string) => string): string => {
  const parts: Array<{ readonly isCode: boolean; readonly lines: Array<string> }> = []
  let open: string | undefined
  for (const line of markdown.split("\n")) {
    const mark = fence.exec(line)?.[1]
    const isCode = open !== undefined || mark !== undefined
    if (open === undefined) open = mark
    else if (mark?.startsWith(open) === true && line.trim() === mark) open = undefined
    const last = parts.at(-1)
    if (last?.isCode === isCode) last.lines.push(line)
    else parts.push({ isCode, lines: [line] })
  }
  return parts.map(({ isCode, lines }) => (isCode ? lines.join("\n") : replace(lines.join("\n")))).join("\n")
}

/** Code in a line, or a link: text, destination, title. Whichever comes first is matched. */
const codeOrLink =
  /(`+)[^`](?:.*?[^`])??\1(?!`)|\[((?:`[^`]*`|!?\[[^\]]*\]|[^[\]`])*)\]\(([^()\s]+)( "[^"]*")?\)/gs

const definition = /^(\[[^\]]+\]: +)(\S+)/gm

/**
 * The Markdown with other destinations of its links and images. Without a destination, the text of the link remains.
 */
export const withLinks = (markdown: string, to: (destination: string) => string | undefined): string =>
  outsideCode(markdown, (text) => {
    const links = (inner: string): string =>
      inner.replaceAll(codeOrLink, (all: string, _, label?: string, destination?: string, title = "") => {
        if (label === undefined || destination === undefined) return all
        const target = to(destination)
        return target === undefined ? links(label) : `[${links(label)}](${target}${title})`
      })
    return links(text).replaceAll(
      definition,
      (_, label: string, destination: string) => `${label}${to(destination) ?? destination}`
    )
  })

/** Without marks of Markdown: what a list or a title shows. */
export const plain = (markdown: string): string =>
  withLinks(markdown, () => undefined)
    .replaceAll(/[`*]|\\(?=[<>_[\]|])/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()

/** The first heading. */
export const title = (markdown: string): string | undefined => {
  const heading = /^# +(.+)$/m.exec(markdown)?.[1]
  return heading === undefined ? undefined : plain(heading)
}

/** The first sentence of the first paragraph, and the second where the first is but a name. */
export const summary = (markdown: string): string => {
  let prose = ""
  outsideCode(markdown, (text) => {
    prose ||= text.split(/\n{2,}/).find((block) => /^(?!#|\||<|>|!|[-*+] |\d+\. )\S/.test(block)) ?? ""
    return text
  })
  const [first = "", second] = plain(prose).split(/(?<=[.:]) (?=[A-Z`])/)
  return (second === undefined || first.length > 40 ? first : `${first} ${second}`).replace(/:$/, ".")
}

/** The layout of the console: a bar with its parts, and what the last command did. */
import type { Answer } from "../../answer.js"
import { type Content, html } from "../html.js"
import { page } from "../page.js"

export const prefix = "/_emulator/"

const parts = [
  ["", "Requests"],
  ["devices", "Devices"],
  ["throttle", "Throttle"],
  ["controls", "Controls"],
  ["api", "API"]
] as const

export type Part = (typeof parts)[number][0]

export const consolePage = (options: {
  readonly part: Part
  readonly title: string
  readonly content: Content
  readonly status?: number
  readonly script?: string
}): Answer =>
  page({
    ...options,
    title: `${options.title} · Adobe Pass emulator`,
    layout: "console",
    body: html`<a class="skip" href="#main">Skip to content</a>
<header class="top"><div><strong>Adobe Pass emulator</strong>
<nav aria-label="Console"><ul>${parts.map(
      ([path, name]) =>
        html`<li><a href="${prefix}${path}"${path === options.part && html` aria-current="page"`}>${name}</a></li>`
    )}</ul></nav></div></header>
<main id="main" class="stack">${options.content}</main>
<footer><p>Everything here from a shell: <a href="${prefix}commands">the commands of the control API</a>. Times are UTC.</p></footer>`
  })

/** A button, or a form of its own, that runs a command of the control API and comes back. */
export const commandForm = (options: {
  readonly command: string
  readonly returnTo: Part
  readonly button: string
  readonly danger?: boolean
  readonly hidden?: Readonly<Record<string, string>>
  readonly fields?: Content
  /** What the button is about, where several say the same. */
  readonly about?: string
}): Content => html`<form method="post" action="${prefix}${options.command}" class="stack">
<input type="hidden" name="returnTo" value="${options.returnTo}">
${Object.entries(options.hidden ?? {}).map(
  ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`
)}${options.fields}
<div><button class="slim ${options.danger === true && "danger"}"${
  options.about !== undefined && html` aria-label="${options.button}: ${options.about}"`
}>${options.button}</button></div>
</form>`

/** What a form did, read out when the page opens. */
export const notice = (query: URLSearchParams, sentences: Readonly<Record<string, string>>): Content => {
  const done = query.get("done") ?? ""
  const sentence = Object.hasOwn(sentences, done) ? sentences[done] : undefined
  return sentence !== undefined && html`<p class="note good" role="status">${sentence}</p>`
}

/** One request with its headers, its body, and what was sent in return. */
import * as Either from "effect/Either"
import type { LoggedRequest } from "../../../Traffic.js"
import type { Answer } from "../../answer.js"
import { deviceIdentifier } from "../../protectedApi.js"
import type { Exchange } from "../../requestLog.js"
import { curl } from "../curl.js"
import { timeOfDay } from "../format.js"
import { type Content, html } from "../html.js"
import { maskedHeader, maskedText } from "../secrets.js"
import { consolePage, prefix } from "./layout.js"
import { outcomeBadge, routeName } from "./requests.js"

/** Copies what a button names, where the browser lets it. */
const copyScript = `
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = navigator.clipboard === undefined
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent)
    button.textContent = "Copied"
  })
}
`

const whole = (shown: string, text: string): Content =>
  shown === text ? undefined : html`<details><summary>Show the secret</summary>${text}</details>`

const header = ([name, value]: readonly [string, string]): Content => {
  const shown = maskedHeader(name, value) ?? value
  return html`<div><dt>${name}</dt><dd>${shown}${whole(shown, value)}</dd></div>`
}

const headers = (title: string, all: Iterable<readonly [string, string]>): Content =>
  html`<h3>${title}</h3><dl class="pairs">${[...all].map(header)}</dl>`

/** JSON is indented, for reading. */
const indented = (text: string): string =>
  Either.getOrElse(
    Either.try(() => JSON.stringify(JSON.parse(text), null, 2)),
    () => text
  )

/** In characters: a browser has no use for more. */
const longestShown = 200_000

const body = (title: string, text: string): Content => {
  if (text === "") return html`<h3>${title}</h3><p class="quiet">None.</p>`
  if (text.length > longestShown) {
    return html`<h3>${title}</h3><p class="quiet">It has ${text.length} characters: too many to show.</p>`
  }
  const readable = indented(text)
  const shown = maskedText(readable)
  return html`<h3>${title}</h3><pre tabindex="0">${shown}</pre>${
    shown !== readable &&
    html`<details><summary>Show it with its secrets</summary><pre tabindex="0">${readable}</pre></details>`
  }`
}

/** The headers that carry JSON in base64, as text. */
const decoded = (logged: LoggedRequest): Content => {
  const info = logged.headers["x-device-info"]
  const facts: ReadonlyArray<readonly [string, string | undefined]> = [
    ["Device", deviceIdentifier(logged)],
    [
      "Device information",
      info === undefined ? undefined : indented(Buffer.from(info, "base64").toString("utf8"))
    ],
    ["Address", logged.forwardedFor]
  ]
  return facts.map(
    ([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`
  )
}

const overview = ({
  answer,
  logged
}: Exchange): Content => html`<section class="panel stack" aria-labelledby="request">
<h2 id="request">Request</h2>
<dl class="pairs">
<div><dt>Arrived</dt><dd>${timeOfDay(logged.at)}</dd></div>
<div><dt>Route</dt><dd>${routeName(logged.route)}</dd></div>
${logged.query !== "" && html`<div><dt>Query</dt><dd>${maskedText(logged.query)}</dd></div>`}
${decoded(logged)}
</dl>
${headers("Headers", Object.entries(logged.headers))}
${body("Body", logged.body)}
</section>
<section class="panel stack" aria-labelledby="answer">
<h2 id="answer">Answer ${outcomeBadge(logged)}</h2>
${
  answer === undefined
    ? html`<p class="quiet">${logged.status === undefined ? "Nothing was sent." : "It is too long ago: only the status is kept."}</p>`
    : [headers("Headers", answer.headers), body("Body", answer.body)]
}
</section>`

const asCurl = (logged: LoggedRequest): Content =>
  logged.body.length <= longestShown &&
  html`<section class="panel stack" aria-labelledby="curl">
<div class="row spread"><h2 id="curl">As curl</h2><button class="slim" type="button" data-copy="line" hidden>Copy</button></div>
<details><summary>Show the line, with its secrets</summary><pre id="line" tabindex="0">${curl(logged)}</pre></details>
</section>`

export const requestPage = (exchanges: ReadonlyArray<Exchange>, number: number): Answer => {
  const at = exchanges.findIndex((exchange) => exchange.number === number)
  const found = exchanges[at]
  if (found === undefined) {
    return consolePage({
      part: "",
      title: "Not in the log",
      status: 404,
      content: html`<h1>Not in the log</h1>
<p>The log was cleared, or has dropped this request. <a href="${prefix}">Show the requests</a>.</p>`
    })
  }
  const link = (name: string, to: Exchange | undefined): Content =>
    to !== undefined && html`<a href="${prefix}requests/${to.number}">${name}</a>`
  const { logged } = found
  return consolePage({
    part: "",
    title: `${logged.method} ${logged.path}`,
    script: copyScript,
    content: [
      html`<nav class="row" aria-label="Request"><a href="${prefix}">All requests</a>
${link("Older", exchanges[at - 1])}${link("Newer", exchanges[at + 1])}</nav>
<h1><code>${logged.method} ${logged.path}</code></h1>`,
      overview(found),
      asCurl(logged)
    ]
  })
}

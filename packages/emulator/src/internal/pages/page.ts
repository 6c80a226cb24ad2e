/** The frame of every page: head, stylesheet, and headers that let it load nothing from anywhere. */
import * as Crypto from "node:crypto"
import type { Answer } from "../answer.js"
import { Html, html } from "./html.js"
import { style } from "./style.js"

export interface Page {
  readonly title: string
  readonly body: Html
  /** Which of the two layouts. */
  readonly layout: "card" | "console"
  /** Default 200. */
  readonly status?: number
  /** Runs in the browser; the page works without it. */
  readonly script?: string
  /** Where its forms may lead, besides to this server: browsers hold a redirect after a form against the policy. */
  readonly formTarget?: string | undefined
}

const digest = (text: string): string =>
  `'sha256-${Crypto.createHash("sha256").update(text).digest("base64")}'`

const styleDigest = digest(style)

/** An origin, or the scheme of an application's own: a host may contain what separates the parts of a policy. */
const sourceOf = (url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined
  const { origin, protocol } = new URL(url)
  return origin === "null" || /[;,]/.test(origin) ? protocol : origin
}

const policy = ({ formTarget, script }: Page): string =>
  [
    "default-src 'none'",
    `style-src ${styleDigest}`,
    "img-src data:",
    ...(script === undefined ? [] : [`script-src ${digest(script)}`, "connect-src 'self'"]),
    ["form-action 'self'", formTarget === undefined ? undefined : sourceOf(formTarget)]
      .filter((source) => source !== undefined)
      .join(" "),
    "base-uri 'none'",
    "frame-ancestors 'none'"
  ].join("; ")

/** A browser that finds no icon here would ask for one. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Crect width='16' height='16' rx='4' fill='%231a4fc4'/%3E" +
  "%3Cpath d='M4 8h8M8 4v8' stroke='white' stroke-width='2' stroke-linecap='round'/%3E%3C/svg%3E"

const document = ({ body, layout, script, title }: Page): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="${icon}">
<style>${new Html(style)}</style>
</head>
<body class="${layout}">
${body}
${script !== undefined && html`<script>${new Html(script)}</script>`}
</body>
</html>
`

export const page = (content: Page): Answer => ({
  status: content.status ?? 200,
  headers: [
    ["content-type", "text/html;charset=UTF-8"],
    ["cache-control", "no-store"],
    ["content-security-policy", policy(content)],
    // Without a referrer a browser would send a form with the origin "null".
    ["referrer-policy", "same-origin"],
    ["x-content-type-options", "nosniff"]
  ],
  body: document(content).markup
})

/** A header holds printable ASCII only: the rest of a URL is percent-encoded, as a browser would do. */
const inHeader = (url: string): string =>
  url.trim().replace(/[^!-~]+/g, (others) => encodeURIComponent(others))

/** Leads on with a GET, after a form too. */
export const seeOther = (location: string): Answer => ({
  status: 303,
  headers: [
    ["location", inHeader(location)],
    ["cache-control", "no-store"]
  ],
  body: ""
})

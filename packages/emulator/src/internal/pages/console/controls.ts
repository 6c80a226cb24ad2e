/** The controls: what one wants to try, as forms that run commands of the control API. */
import * as Duration from "effect/Duration"
import type { FailOptions } from "../../../Script.js"
import type { Answer } from "../../answer.js"
import type { Settings } from "../../settings.js"
import { duration, instant } from "../format.js"
import { type Content, html } from "../html.js"
import { number, type Option, panel, select } from "./fields.js"
import { commandForm, consolePage, notice } from "./layout.js"
import { type Providers, providerPanels } from "./providers.js"

const sentences: Readonly<Record<string, string>> = {
  fail: "The fault is queued.",
  "clear-faults": "No fault is queued any more.",
  "expire-tokens": "All tokens have expired.",
  "revoke-tokens": "All tokens are revoked.",
  "revoke-all-clients": "All clients are revoked.",
  "revoke-statement": "The software statement is revoked, with all clients and tokens of its application.",
  "restore-statement": "The software statement is approved again.",
  clock: "The clock is set.",
  degrade: "The MVPD is degraded as you chose.",
  "mvpd-fails": "The failure is queued.",
  "expire-profiles": "All profiles have expired.",
  "revoke-profiles": "All profiles are revoked.",
  "token-ttl": "Tokens that are issued from now on have the new lifetime."
}

const faults: ReadonlyArray<Option> = [
  { value: "Answer", name: "an answer with the status" },
  { value: "Delay", name: "a late answer" },
  { value: "Hang", name: "no answer" },
  { value: "Reset", name: "a reset connection" },
  { value: "Truncate", name: "half of the body" },
  { value: "Refuse", name: "a refused connection" }
]

const routes: ReadonlyArray<Option> = [
  { value: "api", name: "REST API v2" },
  { value: "token", name: "Token" },
  { value: "register", name: "Registration" },
  { value: "management", name: "Management" }
]

const queued = ({ left, options: { fault, route } }: QueuedFault): Content => html`<li>
<code>${route}</code>: ${fault._tag}${"status" in fault && ` ${fault.status}`}, ${
  left === Number.POSITIVE_INFINITY ? "always" : `${left} left`
}</li>`

const failing = (all: ReadonlyArray<QueuedFault>): Content => [
  commandForm({
    command: "fail",
    returnTo: "controls",
    button: "Fail the next requests",
    fields: html`<div class="fields">${select("route", "Route", routes, "broad")}${select("fault", "With", faults, "broad")}
${number("times", "How many", 1, 1)}${number("status", "Status", 503, 200, 599)}
${number("delay", "Delay in ms", 2000, 0)}</div>
<p class="quiet small">The status is for an answer, the delay for a late one. Faults strike in the order in which they
were queued; a throttled request uses up none.</p>`
  }),
  html`<h3>Queued faults</h3>`,
  all.length === 0
    ? html`<p class="quiet">None.</p>`
    : [
        html`<ul>${all.map(queued)}</ul>`,
        commandForm({ command: "clear-faults", returnTo: "controls", button: "Clear the faults" })
      ]
]

const credentials = (approved: boolean): Content => html`<div class="row">
${commandForm({ command: "expire-tokens", returnTo: "controls", button: "Expire all tokens" })}
${commandForm({ command: "revoke-tokens", returnTo: "controls", button: "Revoke all tokens", danger: true })}
${commandForm({ command: "expire-profiles", returnTo: "controls", button: "Expire all profiles" })}
${commandForm({ command: "revoke-profiles", returnTo: "controls", button: "Revoke all profiles", danger: true })}
${commandForm({ command: "revoke-all-clients", returnTo: "controls", button: "Revoke all clients", danger: true })}
</div>
<p>The emulator's own software statement is ${
  approved ? html`<span class="badge good">approved</span>` : html`<span class="badge bad">revoked</span>`
}</p>
${
  approved
    ? commandForm({
        command: "revoke-statement",
        returnTo: "controls",
        button: "Revoke the statement",
        danger: true
      })
    : commandForm({ command: "restore-statement", returnTo: "controls", button: "Approve it again" })
}`

const clock = ({ skewMillis }: Settings, now: number): Content => [
  html`<p>The server's clock says ${instant(now + skewMillis)}${
    skewMillis !== 0 && `, ${duration(skewMillis)} ${skewMillis > 0 ? "ahead" : "behind"}`
  }.</p>`,
  commandForm({
    command: "clock",
    returnTo: "controls",
    button: "Set the clock",
    fields: html`<div class="fields">${number("minutes", "Minutes", 0, 0)}${select("direction", "Direction", [
      { value: "ahead", name: "ahead" },
      { value: "behind", name: "behind" }
    ])}</div>`
  })
]

const lifetime = ({ tokenTtl }: Settings): Content =>
  commandForm({
    command: "token-ttl",
    returnTo: "controls",
    button: "Set the lifetime",
    fields: html`<div class="fields">${number("seconds", "Seconds", Math.floor(Duration.toSeconds(tokenTtl)), 1)}</div>`
  })

interface QueuedFault {
  readonly options: FailOptions
  readonly left: number
}

export const controlsPage = (options: {
  readonly faults: ReadonlyArray<QueuedFault>
  readonly approved: boolean
  readonly providers: Providers
  readonly settings: Settings
  /** By Effect's clock. */
  readonly now: number
  readonly query: URLSearchParams
}): Answer =>
  consolePage({
    part: "controls",
    title: "Controls",
    content: [
      notice(options.query, sentences),
      html`<h1>Controls</h1>`,
      panel("Fail the next requests", failing(options.faults), "fail"),
      providerPanels(options.providers),
      panel(
        "Tokens, profiles, clients and the software statement",
        credentials(options.approved),
        "credentials"
      ),
      html`<div class="grid">${panel("The clock", clock(options.settings, options.now))}
${panel("The lifetime of tokens", lifetime(options.settings))}</div>`
    ]
  })

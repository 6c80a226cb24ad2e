/** The devices that called, with their pairs of credentials and their tokens. */
import type { Answer } from "../../answer.js"
import { deviceIdentifier } from "../../protectedApi.js"
import type { Issued } from "../../registry.js"
import type { Exchange } from "../../requestLog.js"
import { instant, relative } from "../format.js"
import { type Content, html } from "../html.js"
import { masked } from "../secrets.js"
import { commandForm, consolePage, notice } from "./layout.js"
import { liveControls, liveScript } from "./live.js"

/** Which devices used each token, as far as the log goes back. */
const devicesOfTokens = (exchanges: ReadonlyArray<Exchange>): ReadonlyMap<string, ReadonlySet<string>> => {
  const devices = new Map<string, Set<string>>()
  for (const { logged } of exchanges) {
    const token = /^Bearer +(\S+)$/i.exec(logged.headers["authorization"] ?? "")?.[1]
    const device = deviceIdentifier(logged)
    if (token === undefined || device === undefined) continue
    devices.set(token, (devices.get(token) ?? new Set()).add(device))
  }
  return devices
}

/** The id lets a refresh keep open what a person has opened. */
const secret = (id: string, value: string): Content =>
  html`<details id="${id}"><summary>${masked(value)}</summary>${value}</details>`

const token =
  (now: number) =>
  ({ expiresAt, token }: Issued["tokens"][number]): Content =>
    html`<div>
<dt>Access token ${
      expiresAt > now
        ? html`<span class="badge good">valid</span>`
        : html`<span class="badge warn">expired</span>`
    }</dt>
<dd>${secret(`token-${token.slice(-16)}`, token)}${
      expiresAt > 0 &&
      html`<span class="quiet">until ${instant(expiresAt)} (${relative(expiresAt, now)})</span>`
    }</dd></div>`

const tokensShown = 3

const client =
  (now: number, devices: ReadonlyMap<string, ReadonlySet<string>>) =>
  ({ approved, client, tokens }: Issued): Content => {
    const names = [...new Set(tokens.flatMap(({ token }) => [...(devices.get(token) ?? [])]))]
    const hidden = tokens.length - tokensShown
    return html`<article class="panel stack" aria-label="Client ${client.id}">
<div class="row spread"><h2>${names.length === 0 ? "A device that has not called yet" : names.join(", ")}</h2>
${!approved && html`<span class="badge bad">its software statement is revoked</span>`}</div>
<dl class="pairs">
<div><dt>Client id</dt><dd>${client.id}</dd></div>
<div><dt>Client secret</dt><dd>${secret(`secret-${client.id}`, client.secret)}</dd></div>
<div><dt>Application</dt><dd>${client.application.id} (${client.application.scopes.join(", ")})</dd></div>
${tokens.length === 0 && html`<div><dt>Access token</dt><dd>none</dd></div>`}
${[...tokens].reverse().slice(0, tokensShown).map(token(now))}
${hidden > 0 && html`<div><dt></dt><dd>and ${hidden} older</dd></div>`}
</dl>
${commandForm({
  command: "revoke-client",
  returnTo: "devices",
  button: "Revoke this client",
  danger: true,
  about: client.id,
  hidden: { clientId: client.id }
})}
</article>`
  }

const shownAtOnce = 50

export const devicesPage = (options: {
  readonly issued: ReadonlyArray<Issued>
  readonly exchanges: ReadonlyArray<Exchange>
  /** By the server's clock, which decides when tokens expire. */
  readonly now: number
  readonly query: URLSearchParams
}): Answer => {
  const { exchanges, issued, now, query } = options
  const newest = [...issued].reverse().slice(0, shownAtOnce)
  return consolePage({
    part: "devices",
    title: "Devices",
    script: liveScript,
    content: [
      notice(query, { "revoke-client": "The client is revoked: its next token request fails." }),
      html`<div class="row spread"><h1>Devices</h1>${liveControls}</div>`,
      html`<div class="stack" data-live><p class="facts"><span>Registered clients <b>${issued.length}</b></span>${
        issued.length > shownAtOnce && html`<span>the newest ${shownAtOnce} are shown</span>`
      }</p>
${newest.length === 0 && html`<p class="panel quiet">No device has registered yet.</p>`}
${newest.map(client(now, devicesOfTokens(exchanges)))}</div>`
    ]
  })
}

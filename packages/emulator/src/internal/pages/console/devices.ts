/** The devices that registered: their pairs of credentials, tokens, sessions and profiles. */
import type { Profile, Session } from "../../../SavedState.js"
import type { Answer } from "../../answer.js"
import { deviceIdentifier } from "../../protectedApi.js"
import type { Issued } from "../../registry.js"
import type { Exchange } from "../../requestLog.js"
import { instant, relative } from "../format.js"
import { type Content, html } from "../html.js"
import { masked } from "../secrets.js"
import { commandForm, consolePage, notice } from "./layout.js"
import { liveControls, liveScript } from "./live.js"

/** Everything that is known of one client. */
interface Shown extends Issued {
  /** The names under which it called. */
  readonly devices: ReadonlyArray<string>
  /** Newest first. */
  readonly profiles: ReadonlyArray<Profile>
  readonly sessions: ReadonlyArray<Session>
}

export interface DevicesOptions {
  readonly issued: ReadonlyArray<Issued>
  readonly profiles: ReadonlyArray<Profile>
  readonly sessions: ReadonlyArray<Session>
  readonly exchanges: ReadonlyArray<Exchange>
  /** By the server's clock, which decides when tokens, sessions and profiles expire. */
  readonly now: number
  readonly query: URLSearchParams
}

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

const shownOf = (
  { exchanges, issued, profiles, sessions }: DevicesOptions,
  limit: number
): ReadonlyArray<Shown> => {
  const byToken = devicesOfTokens(exchanges)
  return [...issued]
    .reverse()
    .slice(0, limit)
    .map((one) => {
      const isOwn = ({ clientId }: { readonly clientId: string }) => clientId === one.client.id
      const own = { profiles: profiles.filter(isOwn).reverse(), sessions: sessions.filter(isOwn).reverse() }
      const devices = [
        ...one.tokens.flatMap(({ token }) => [...(byToken.get(token) ?? [])]),
        ...[...own.profiles, ...own.sessions].map(({ device }) => device)
      ]
      return { ...one, ...own, devices: [...new Set(devices)] }
    })
}

const until = (millis: number, now: number): string => `${instant(millis)} (${relative(millis, now)})`

/** The id lets a refresh keep open what a person has opened. */
const secret = (id: string, value: string): Content =>
  html`<details id="${id}"><summary>${masked(value)}</summary>${value}</details>`

const badge = (isGood: boolean, good: string, otherwise: string): Content =>
  html`<span class="badge ${isGood ? "good" : "warn"}">${isGood ? good : otherwise}</span>`

const token =
  (now: number) =>
  ({ expiresAt, token }: Issued["tokens"][number]): Content =>
    html`<div>
<dt>Access token ${badge(expiresAt > now, "valid", "expired")}</dt>
<dd>${secret(`token-${token.slice(-16)}`, token)}${
      expiresAt > 0 && html`<span class="quiet">until ${until(expiresAt, now)}</span>`
    }</dd></div>`

const tokensShown = 3

const pair = (now: number, { client, tokens }: Shown): Content => {
  const hidden = tokens.length - tokensShown
  return html`<dl class="pairs">
<div><dt>Client id</dt><dd>${client.id}</dd></div>
<div><dt>Client secret</dt><dd>${secret(`secret-${client.id}`, client.secret)}</dd></div>
<div><dt>Application</dt><dd>${client.application.id} (${client.application.scopes.join(", ")})</dd></div>
${tokens.length === 0 && html`<div><dt>Access token</dt><dd>none</dd></div>`}
${[...tokens].reverse().slice(0, tokensShown).map(token(now))}
${hidden > 0 && html`<div><dt>Older tokens</dt><dd>${hidden}</dd></div>`}
</dl>`
}

const profileState = ({ invalidated, notAfter }: Profile, now: number): Content =>
  invalidated ? html`<span class="badge bad">revoked</span>` : badge(notAfter > now, "valid", "expired")

const profileForms = ({ clientId, device, mvpd, serviceProvider }: Profile): Content =>
  (["expire", "revoke"] as const).map((what) =>
    commandForm({
      command: `${what}-profiles`,
      returnTo: "devices",
      button: what === "expire" ? "Expire" : "Revoke",
      danger: what === "revoke",
      about: `the profile with ${mvpd}`,
      hidden: { clientId, device, serviceProvider, mvpd }
    })
  )

const profile =
  (now: number) =>
  (one: Profile): Content =>
    html`<li class="entry"><div><b>${one.mvpd}</b> for ${one.serviceProvider}
${profileState(one, now)}<br><span class="quiet small">${one.user}, ${one.type}, until ${until(one.notAfter, now)}</span></div>
<div class="row">${profileForms(one)}</div></li>`

const sessionsShown = 3

/** A server has one client for all of its devices. */
const profilesShown = 20

const namesShown = 5

const named = (devices: ReadonlyArray<string>): string => {
  const more = devices.length - namesShown
  return more > 0
    ? `${devices.slice(0, namesShown).join(", ")} and ${more} more`
    : devices.join(", ") || "No device yet: a second screen has none"
}

/** Whether somebody has signed in with the session. */
const isUsed = (
  { device, notBefore, parameters, serviceProvider }: Session,
  profiles: ReadonlyArray<Profile>
) =>
  profiles.some(
    (profile) =>
      profile.device === device &&
      profile.serviceProvider === serviceProvider &&
      profile.mvpd === parameters.mvpd &&
      profile.notBefore >= notBefore
  )

const session =
  (now: number, profiles: ReadonlyArray<Profile>) =>
  (one: Session): Content => {
    const { code, notAfter, parameters, replaced, serviceProvider } = one
    const used = isUsed(one, profiles)
    const isOpen = !used && !replaced && notAfter > now
    return html`<li class="entry"><div><code><b>${code}</b></code> for ${serviceProvider} ${badge(isOpen, "open", used ? "used" : "ended")}<br>
<span class="quiet small">${parameters.mvpd ?? "no MVPD chosen yet"}, ${
      replaced ? "replaced by a newer one" : `until ${until(notAfter, now)}`
    }</span></div>
${isOpen && html`<a class="button slim" href="/activate?code=${code}">Sign in<span class="unseen"> with ${code}</span></a>`}</li>`
  }

const list = (title: string, entries: ReadonlyArray<Content>): Content =>
  entries.length > 0 && html`<h3>${title}</h3><ul class="entries">${entries}</ul>`

const device =
  (now: number) =>
  (shown: Shown): Content => {
    const { approved, client, devices, profiles, sessions } = shown
    return html`<article class="panel stack" aria-label="Client ${client.id}">
<div class="row spread"><h2>${named(devices)}</h2>
${!approved && html`<span class="badge bad">its software statement is revoked</span>`}</div>
${pair(now, shown)}
${list("Profiles", profiles.slice(0, profilesShown).map(profile(now)))}
${profiles.length > profilesShown && html`<p class="quiet small">The newest ${profilesShown} of ${profiles.length} are shown.</p>`}
${list("Sessions", sessions.slice(0, sessionsShown).map(session(now, profiles)))}
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

const sentences: Readonly<Record<string, string>> = {
  "revoke-client": "The client is revoked: its next token request fails.",
  "expire-profiles": "The profile has expired.",
  "revoke-profiles": "The profile is revoked."
}

const shownAtOnce = 50

export const devicesPage = (options: DevicesOptions): Answer => {
  const { issued, now, query } = options
  return consolePage({
    part: "devices",
    title: "Devices",
    script: liveScript,
    content: [
      notice(query, sentences),
      html`<div class="row spread"><h1>Devices</h1>${liveControls}</div>`,
      html`<div class="stack" data-live><p class="facts"><span>Registered clients <b>${issued.length}</b></span>${
        issued.length > shownAtOnce && html`<span>the newest ${shownAtOnce} are shown</span>`
      }</p>
${issued.length === 0 && html`<p class="panel quiet">No device has registered yet.</p>`}
${shownOf(options, shownAtOnce).map(device(now))}</div>`
    ]
  })
}

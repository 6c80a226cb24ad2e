/** The login page of an MVPD, and what a browser sees when there is nothing to sign in to. */
import type { Answer } from "../answer.js"
import { card, mark, problem } from "./card.js"
import { type Content, html } from "./html.js"

/** Somebody who may sign in, as the page names them: the emulator keeps nobody's password secret. */
export interface Person {
  readonly user: string
  readonly password: string
  readonly about?: string | undefined
}

export interface Login {
  /** The name of the MVPD. */
  readonly mvpd: string
  /** The name of the service provider that the person comes from. */
  readonly serviceProvider: string
  readonly people: ReadonlyArray<Person>
  /** Where the forms post to: the address of the page. */
  readonly action: string
  /** Where the browser goes afterwards. */
  readonly redirectUrl: string
  /** After a failed attempt. */
  readonly failed?: { readonly user: string; readonly message: string } | undefined
}

const credentials = ({
  action,
  failed
}: Login): Content => html`<form method="post" action="${action}" class="stack">
<div class="field">
<label for="user">User name</label>
<input id="user" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required
 value="${failed?.user ?? ""}">
</div>
<div class="field">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
</div>
<button class="primary wide" name="answer" value="sign-in">Sign in</button>
</form>
<form method="post" action="${action}"><button class="wide" name="answer" value="cancel">Cancel</button></form>`

const choice =
  (action: string) =>
  ({ about, password, user }: Person): Content =>
    html`<tr>
<th scope="row"><code>${user}</code>${about !== undefined && html`<br><span class="quiet small">${about}</span>`}</th>
<td><code>${password}</code></td>
<td><form method="post" action="${action}">
<input type="hidden" name="username" value="${user}"><input type="hidden" name="password" value="${password}">
<button class="slim" name="answer" value="sign-in" aria-label="Sign in as ${user}">Sign in</button>
</form></td>
</tr>`

const hint = ({ action, mvpd, people }: Login): Content =>
  people.length > 0 &&
  html`<section class="stack tight" aria-labelledby="people">
<h2 id="people">Who may sign in</h2>
<p class="quiet small">The emulator invented these subscribers of ${mvpd}.</p>
<table>
<thead><tr><th scope="col">User name</th><th scope="col">Password</th><th scope="col"><span class="quiet">At once</span></th></tr></thead>
<tbody>${people.map(choice(action))}</tbody>
</table>
</section>`

export const loginPage = (login: Login): Answer =>
  card({
    title: `${login.failed === undefined ? "" : "Not signed in: "}${login.mvpd}`,
    status: login.failed === undefined ? 200 : 401,
    formTarget: login.redirectUrl,
    content: [
      html`<header class="row">${mark(login.mvpd)}
<div><h1>${login.mvpd}</h1><p class="quiet">Sign in to watch ${login.serviceProvider}</p></div></header>`,
      problem(login.failed?.message),
      credentials(login),
      hint(login)
    ]
  })

/** The session of an address is unknown, has ended, or is not ready. */
export const noSessionPage = (status: number, sentence: string): Answer =>
  card({
    title: "Nothing to sign in to",
    status,
    content: html`<h1>Nothing to sign in to</h1>
<p>${sentence}</p>
<p class="quiet">Ask your TV or app for a new code, then <a href="/activate">enter it here</a>.</p>`
  })

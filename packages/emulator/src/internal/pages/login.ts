/** The login page of an MVPD, and what a browser sees when there is nothing to sign in to. */
import type { Answer } from "../answer.js"
import type { Login } from "../restV2/browser.js"
import { card, mark, problem } from "./card.js"
import { type Content, html } from "./html.js"

export const loginPath = "/adobe-services/authenticate"

/** An attempt that failed. */
export interface Failed {
  readonly user: string
  readonly message: string
}

const codeField = (code: string): Content => html`<input type="hidden" name="code" value="${code}">`

const credentials = (code: string, failed: Failed | undefined): Content => html`<form method="post"
 action="${loginPath}" class="stack">${codeField(code)}
<div class="field">
<label for="user">User name</label>
<input id="user" name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required
 value="${failed?.user}">
</div>
<div class="field">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
</div>
<button class="primary wide">Sign in</button>
</form>
<form method="post" action="${loginPath}">${codeField(code)}<button class="wide" name="answer" value="cancel">Cancel</button></form>`

const shortcut =
  (code: string) =>
  ({ about, password, user }: Login["people"][number]): Content =>
    html`<li class="row spread"><div><code><b>${user}</b></code>, password <code>${password}</code>${
      about !== undefined && html`<br><span class="quiet small">${about}</span>`
    }</div>
<form method="post" action="${loginPath}">${codeField(code)}
<input type="hidden" name="user" value="${user}"><input type="hidden" name="password" value="${password}">
<button class="slim" aria-label="Sign in as ${user}">Sign in</button>
</form></li>`

const hint = ({ code, mvpd, people }: Login): Content =>
  people.length > 0 &&
  html`<section class="stack tight" aria-labelledby="people">
<h2 id="people">Who has an account</h2>
<p class="quiet small">The emulator invented these subscribers of ${mvpd.displayName}, and shows their passwords here.</p>
<ul class="people">${people.map(shortcut(code))}</ul>
</section>`

export const loginPage = (login: Login, failed?: Failed): Answer => {
  const name = login.mvpd.displayName
  return card({
    title: `${failed === undefined ? "Sign in to" : "Not signed in to"} ${name}`,
    status: failed === undefined ? 200 : 403,
    formTarget: login.redirectUrl,
    content: [
      html`<header class="row">${mark(name)}
<div><h1>${name}</h1><p class="quiet">Sign in to watch ${login.serviceProvider.name}</p></div></header>`,
      problem(failed?.message),
      credentials(login.code, failed),
      hint(login)
    ]
  })
}

/** In place of a login page, for a code that leads to none. */
export const noLoginPage = (sentence: string): Answer =>
  card({
    title: "Nothing to sign in to",
    status: 400,
    content: html`<h1>Nothing to sign in to</h1>
<p class="note warn">${sentence}</p>
<p class="quiet">Ask your TV or app for a new code, then <a href="/activate">enter it here</a>.</p>`
  })

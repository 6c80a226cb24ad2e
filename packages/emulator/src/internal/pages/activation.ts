/** The second screen: a person enters the code that a TV shows, chooses a provider, and is sent to its login page. */
import type { Answer } from "../answer.js"
import { card, mark, problem } from "./card.js"
import { html } from "./html.js"

export const activationPath = "/activate"

/** A code as it was meant: people type lower case, blanks and dashes. */
export const readCode = (text: string): string => text.replace(/[\s-]/g, "").toUpperCase()

export const codePage = (failed?: { readonly code: string; readonly message: string }): Answer =>
  card({
    title: `${failed === undefined ? "" : "Not found: "}Connect your TV`,
    status: failed === undefined ? 200 : 400,
    content: html`<h1>Connect your TV</h1>
<p class="quiet">Your TV shows a code. Enter it here, and sign in with your TV provider.</p>
${problem(failed?.message)}
<form method="get" action="${activationPath}" class="stack">
<div class="field">
<label for="code">Code</label>
<input id="code" class="code-input" name="code" value="${failed?.code ?? ""}" required autocomplete="off"
 autocapitalize="characters" spellcheck="false" maxlength="40">
</div>
<button class="primary wide">Continue</button>
</form>`
  })

export interface Provider {
  readonly id: string
  readonly name: string
}

export const providerPage = (options: {
  readonly code: string
  readonly serviceProvider: string
  readonly device: string | undefined
  readonly providers: ReadonlyArray<Provider>
  readonly message?: string
}): Answer =>
  card({
    title: "Choose your TV provider",
    status: options.message === undefined ? 200 : 400,
    content: html`<h1>Choose your TV provider</h1>
<p class="quiet">To watch ${options.serviceProvider} on ${options.device ?? "your TV"} with the code
<code>${options.code}</code>.</p>
${problem(options.message)}
<form method="post" action="${activationPath}" class="stack">
<input type="hidden" name="code" value="${options.code}">
<fieldset>
<legend>TV provider</legend>
<ul class="choices">${options.providers.map(
      ({ id, name }, n) => html`<li><label class="choice" for="provider-${n}">
<input type="radio" name="mvpd" id="provider-${n}" value="${id}" required>${mark(name, "little")}<span>${name}</span>
</label></li>`
    )}</ul>
</fieldset>
<button class="primary wide">Continue</button>
</form>`
  })

/** Where a second screen ends. */
export const connectedPage = (): Answer =>
  card({
    title: "You are signed in",
    content: html`<h1>You are signed in</h1>
<p class="note good">Go back to your TV: it goes on by itself within a few seconds.</p>
<p class="quiet">You can close this page.</p>`
  })

export const cancelledPage = (): Answer =>
  card({
    title: "You are not signed in",
    content: html`<h1>You are not signed in</h1>
<p>You cancelled. The code stays valid for a while, so you can <a href="${activationPath}">try again</a>.</p>`
  })

/** The second screen: a person enters the code that a TV shows, chooses a provider, and is sent to its login page. */
import type { Answer } from "../answer.js"
import type { EnteredCode } from "../restV2/browser.js"
import { card, mark, problem } from "./card.js"
import { html } from "./html.js"

export const activationPath = "/activate"

export interface Rejected {
  readonly code: string
  readonly message: string
}

export const codePage = (rejected?: Rejected): Answer =>
  card({
    title: rejected === undefined ? "Connect your TV" : "This code does not work",
    status: rejected === undefined ? 200 : 400,
    content: html`<h1>Connect your TV</h1>
<p class="quiet">Your TV shows a code. Enter it here, then sign in with your TV provider.</p>
${problem(rejected?.message)}
<form method="get" action="${activationPath}" class="stack">
<div class="field">
<label for="code">Code</label>
<input id="code" class="code-input" name="code" value="${rejected?.code}" required autocomplete="off"
 autocapitalize="characters" spellcheck="false" maxlength="40">
</div>
<button class="primary wide">Continue</button>
</form>`
  })

export const providerPage = (entered: EnteredCode, device: string | undefined, message?: string): Answer =>
  card({
    title: "Choose your TV provider",
    status: message === undefined ? 200 : 400,
    content: html`<h1>Choose your TV provider</h1>
<p class="quiet">To watch ${entered.serviceProvider.name} on your ${device ?? "TV"}, which shows the code
<code>${entered.code}</code>.</p>
${problem(message)}
<form method="post" action="${activationPath}" class="stack">
<input type="hidden" name="code" value="${entered.code}">
<fieldset>
<legend>TV provider</legend>
<ul class="choices">${entered.mvpds.map(
      ({ displayName, id }, n) => html`<li><label class="choice" for="provider-${n}">
<input type="radio" name="mvpd" id="provider-${n}" value="${id}" required>${mark(displayName, "little")}<span>${displayName}</span>
</label></li>`
    )}</ul>
</fieldset>
<button class="primary wide">Continue</button>
</form>`
  })

/** Where a browser ends: after a login, which tells it nothing about the outcome, and after a logout. */
import type { Answer } from "../answer.js"
import { activationPath } from "./activation.js"
import { card } from "./card.js"
import { html } from "./html.js"

export const signedInPath = "/signed-in"

export const signedInPage = (): Answer =>
  card({
    title: "You are signed in",
    content: html`<h1>You are signed in</h1>
<p class="note good" role="status">Go back to your TV: it goes on by itself within a few seconds.</p>
<p class="quiet">You can close this page.</p>`
  })

/** The login was cancelled, or is not done. */
export const notSignedInPage = (code: string): Answer =>
  card({
    title: "You are not signed in",
    content: html`<h1>You are not signed in</h1>
<p class="note warn">Nobody has signed in with the code <code>${code}</code>.</p>
<p><a class="button wide" href="${activationPath}?code=${code}">Try again</a></p>`
  })

/** For an application that has no page of its own to come back to. */
export const doneHerePage = (): Answer =>
  card({
    title: "Done in the browser",
    content: html`<h1>Done in the browser</h1>
<p class="note good" role="status">Go back to your app or TV.</p>
<p class="quiet">You can close this page.</p>`
  })

export const signedOutPage = (mvpd: string | undefined): Answer =>
  card({
    title: "You are signed out",
    content: html`<h1>You are signed out</h1>
<p class="note good" role="status">This browser has no session with ${mvpd ?? "the TV provider"} any more.</p>
<p class="quiet">You can close this page.</p>`
  })

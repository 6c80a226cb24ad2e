/** The layout of the pages of the emulated world: one question on one card, as a phone shows it. */
import type { Answer } from "../answer.js"
import { type Content, type Html, html } from "./html.js"
import { page } from "./page.js"

export interface Card {
  readonly title: string
  readonly content: Content
  readonly status?: number
  readonly formTarget?: string | undefined
}

export const card = ({ content, ...options }: Card): Answer =>
  page({
    ...options,
    layout: "card",
    body: html`<main><div class="panel stack">${content}</div></main>
<footer>This is an emulator of Adobe Pass: nothing here is a real account.</footer>`
  })

const initials = (name: string): string => {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "")
  const [first = "", second] = words
  return (
    second === undefined ? first.slice(0, 2) : `${first.slice(0, 1)}${second.slice(0, 1)}`
  ).toUpperCase()
}

const hues = ["a", "b", "c", "d", "e", "f"]

/** Stands in for the logo of a provider. */
export const mark = (name: string, size?: "little"): Html => {
  const sum = [...name].reduce((total, character) => total + (character.codePointAt(0) ?? 0), 0)
  const hue = hues[sum % hues.length] ?? ""
  return html`<span class="mark ${hue} ${size}" aria-hidden="true">${initials(name)}</span>`
}

/** Why something did not work, read out when the page opens. */
export const problem = (sentence: string | undefined): Content =>
  sentence !== undefined && html`<p class="note bad" role="alert">${sentence}</p>`

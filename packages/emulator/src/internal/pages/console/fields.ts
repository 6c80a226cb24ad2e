/** The fields of the console's forms. */
import { type Content, html } from "../html.js"

/** One choice of a select. */
export interface Option {
  readonly value: string
  readonly name: string
}

/** The name differs from the id where a page has several. */
export const select = (
  id: string,
  label: string,
  options: ReadonlyArray<Option>,
  width: "broad" | "" = "",
  name = id
): Content => html`<div class="field ${width}">
<label for="${id}">${label}</label><select id="${id}" name="${name}">${options.map(
  (option) => html`<option value="${option.value}">${option.name}</option>`
)}</select></div>`

export const number = (
  id: string,
  label: string,
  value: number,
  min: number,
  max?: number,
  name = id
): Content => html`<div class="field">
<label for="${id}">${label}</label>
<input id="${id}" name="${name}" type="number" inputmode="numeric" min="${min}"${
  max !== undefined && html` max="${max}"`
} value="${value}" required></div>`

/** A part of a page, under a heading. */
export const panel = (
  title: string,
  content: Content,
  id = title.toLowerCase().replaceAll(" ", "-")
): Content =>
  html`<section class="panel stack" aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`

export const text = (id: string, label: string): Content => html`<div class="field broad">
<label for="${id}">${label}</label><input id="${id}" name="${id}"></div>`

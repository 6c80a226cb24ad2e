/** The controls of TV providers: their degradation, and the failures of their next calls. */
import { enhancedErrors } from "../../../EnhancedErrorCode.js"
import { type MvpdFailure, MvpdOperation } from "../../../Script.js"
import type { Degradation, World } from "../../../World.js"
import { type Content, html } from "../html.js"
import { number, type Option, panel, select, text } from "./fields.js"
import { commandForm } from "./layout.js"

export interface Providers {
  readonly world: World
  readonly failures: ReadonlyArray<{ readonly failure: MvpdFailure; readonly left: number }>
}

const rules: ReadonlyArray<Option & { readonly value: Degradation["rule"] }> = [
  { value: "AuthNAll", name: "AuthNAll: everybody is signed in, and may see everything" },
  { value: "AuthZAll", name: "AuthZAll: everybody who is signed in may see everything" },
  { value: "AuthZNone", name: "AuthZNone: nobody may see anything" }
]

const mvpdOptions = ({ mvpds }: World): ReadonlyArray<Option> =>
  mvpds.map(({ displayName, id }) => ({ value: id, name: `${displayName} (${id})` }))

const active = ({ message, mvpd, rule }: Degradation): Content => html`<li class="entry"><div><b>${mvpd}</b>
<span class="badge warn">${rule}</span>${message !== undefined && html`<br><span class="quiet small">${message}</span>`}</div>
${commandForm({
  command: "degrade",
  returnTo: "controls",
  button: "End",
  about: `the degradation of ${mvpd}`,
  hidden: { mvpd, rule: "none" }
})}</li>`

const degradation = (world: World): Content => [
  commandForm({
    command: "degrade",
    returnTo: "controls",
    button: "Degrade",
    fields: html`<div class="fields">${select("degraded-mvpd", "Provider", mvpdOptions(world), "broad", "mvpd")}
${select("rule", "Rule", rules, "broad")}${text("message", "Message of denials, if you like")}</div>`
  }),
  world.degradations.length > 0 && html`<ul class="entries">${world.degradations.map(active)}</ul>`
]

const operations: ReadonlyArray<Option> = [
  { value: "", name: "any call" },
  ...MvpdOperation.literals.map((value) => ({ value, name: value }))
]

const codes: ReadonlyArray<Option> = Object.keys(enhancedErrors).map((value) => ({ value, name: value }))

const waiting = ({
  failure,
  left
}: Providers["failures"][number]): Content => html`<li><b>${failure.mvpd}</b>,
${failure.operation ?? "any call"}: <code>${failure.code}</code>, ${
  left === Number.POSITIVE_INFINITY ? "always" : `${left} left`
}</li>`

const failing = ({ failures, world }: Providers): Content => [
  commandForm({
    command: "mvpd-fails",
    returnTo: "controls",
    button: "Fail with this error",
    fields: html`<div class="fields">${select("failing-mvpd", "Provider", mvpdOptions(world), "broad", "mvpd")}
${select("operation", "Call", operations)}${select("code", "Enhanced error", codes, "broad")}
${number("failing-times", "How many", 1, 1, undefined, "times")}</div>
<p class="quiet small">In a call for decisions each decision has the error; other calls are answered with it. Faults and
failures are cleared together.</p>`
  }),
  failures.length > 0 && html`<ul>${failures.map(waiting)}</ul>`
]

export const providerPanels = (providers: Providers): Content => [
  panel("Degrade a TV provider", degradation(providers.world), "degradation"),
  panel("Make a TV provider fail", failing(providers), "mvpd-failures")
]

/** The throttle: what each address may still send now. */
import type { Limit } from "../../../Bucket.js"
import type { Answer } from "../../answer.js"
import { type Content, html } from "../html.js"
import { consolePage } from "./layout.js"
import { liveControls, liveScript } from "./live.js"

interface AddressBucket {
  readonly address: string
  readonly available: number
}

const shownAtOnce = 200

const row =
  (capacity: number) =>
  ({ address, available }: AddressBucket): Content => {
    const name = address === "" ? "without X-Forwarded-For" : address
    const colour = available === 0 ? "bad" : available < capacity / 3 ? "warn" : "good"
    return html`<tr><th scope="row"><code>${name}</code></th>
<td class="narrow-gone"><meter min="0" max="${capacity}" value="${available}" aria-label="${name}">${available}</meter></td>
<td class="end"><span class="badge ${colour}">${available} of ${capacity}</span></td></tr>`
  }

const explanation = ({ burst, model, rate }: Limit): string => {
  const first = `${burst + 1} requests of one address pass at once`
  return model === "refill"
    ? `${first}; then ${rate} more each second.`
    : `${first}; then one in each interval of ${1000 / rate} ms. The burst is spent once.`
}

export const throttlePage = (limit: Limit, buckets: ReadonlyArray<AddressBucket>): Answer => {
  const capacity = limit.burst + 1
  const emptiest = [...buckets].sort((a, b) => a.available - b.available).slice(0, shownAtOnce)
  return consolePage({
    part: "throttle",
    title: "Throttle",
    script: liveScript,
    content: [
      html`<div class="row spread"><h1>Throttle</h1>${liveControls}</div>`,
      html`<p class="quiet">${
        limit.model === "off" ? "It is off: every request passes." : explanation(limit)
      }</p>`,
      html`<div class="panel" data-live>${
        limit.model === "off" || emptiest.length === 0
          ? html`<p class="quiet">No address has a bucket.</p>`
          : html`<table><thead><tr><th scope="col">Address</th>
<th scope="col" class="narrow-gone">Level</th><th scope="col" class="end">May send now</th></tr></thead>
<tbody>${emptiest.map(row(capacity))}</tbody></table>`
      }</div>`
    ]
  })
}

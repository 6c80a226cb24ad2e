/** The operations of REST API v2, as the OpenAPI document of the contract describes them. */
import type { Answer } from "../../answer.js"
import { type Content, html } from "../html.js"
import { consolePage, prefix } from "./layout.js"
import { type Document, type Operation, openApiDocument } from "./openApi.js"
import { shape } from "./shape.js"

interface Placed {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

/** By tag, in the order of the document. */
const grouped = ({ paths }: Document): ReadonlyArray<readonly [tag: string, ReadonlyArray<Placed>]> => {
  const groups = new Map<string, Array<Placed>>()
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0] ?? ""
      groups.set(tag, [...(groups.get(tag) ?? []), { method: method.toUpperCase(), path, operation }])
    }
  }
  return [...groups]
}

/** `partnerSingleSignOn` as people write it. */
const title = (tag: string): string => {
  const words = tag.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
}

const parameter = ({
  description,
  in: place,
  name,
  required,
  schema
}: Operation["parameters"][number]): Content =>
  html`<tr><th scope="row"><code>${name}</code></th><td>${place}</td>
<td>${required ? html`<span class="badge info">required</span>` : "optional"}</td>
<td class="narrow-gone">${description ?? html`<code>${shape(schema)}</code>`}</td></tr>`

const parameters = ({ parameters }: Operation): Content =>
  parameters.length > 0 &&
  html`<h3>Parameters</h3><table><thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Needed</th>
<th scope="col" class="narrow-gone">Value</th></tr></thead><tbody>${parameters.map(parameter)}</tbody></table>`

const body = (content: NonNullable<Operation["requestBody"]>["content"] | undefined): Content =>
  Object.entries(content ?? {}).map(
    ([type, { schema }]) => html`<p class="quiet small">${type}</p><pre tabindex="0">${shape(schema)}</pre>`
  )

/** The errors of all operations are the same: only what succeeds is worth its lines. */
const responses = ({ responses }: Operation): Content => {
  const all = Object.entries(responses)
  const failures = all.filter(([status]) => status >= "400").map(([status]) => status)
  return [
    all
      .filter(([status]) => status < "400")
      .map(
        ([status, { content, description }]) =>
          html`<h3>Answer <span class="badge good">${status}</span></h3>${
            content === undefined ? html`<p class="quiet">${description}, without a body.</p>` : body(content)
          }`
      ),
    failures.length > 0 &&
      html`<p>Fails with ${failures.map((status) => html`<span class="badge warn">${status}</span> `)}
and an <a href="#schema-EnhancedError">enhanced error</a>.</p>`
  ]
}

const entry = ({
  method,
  operation,
  path
}: Placed): Content => html`<details class="operation" id="${operation.operationId}">
<summary><span class="badge info">${method}</span> <code>${path}</code>
<span class="quiet small">${operation.summary}</span></summary>
<div class="stack">${operation.description !== undefined && html`<p>${operation.description}</p>`}
${parameters(operation)}
${operation.requestBody !== undefined && html`<h3>Body</h3>${body(operation.requestBody.content)}`}
${responses(operation)}</div>
</details>`

const group = ([tag, operations]: readonly [string, ReadonlyArray<Placed>]): Content =>
  html`<section class="panel" aria-labelledby="group-${tag}"><h2 id="group-${tag}">${title(tag)}</h2>
${operations.map(entry)}</section>`

const schemas = ({
  components
}: Document): Content => html`<section class="panel stack" aria-labelledby="schemas">
<h2 id="schemas">Schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) => html`<h3 id="schema-${name}">${name}</h3><pre tabindex="0">${shape(schema)}</pre>`
)}</section>`

export const apiPage = (): Answer => {
  const document = openApiDocument()
  const { description, title } = document.info
  return consolePage({
    part: "api",
    title: "API",
    content: [
      html`<div class="row spread"><h1>${title}</h1>
<a class="button slim" href="${prefix}openapi.json">openapi.json</a></div>
<p class="quiet">${description}</p>`,
      grouped(document).map(group),
      schemas(document)
    ]
  })
}

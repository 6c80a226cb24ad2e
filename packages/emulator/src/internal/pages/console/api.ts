/** The operations of REST API v2, as the OpenAPI document of the contract describes them. */
import * as OpenApiDocument from "effect-adobe-pass-rest-v2/OpenApiDocument"
import { type Answer, json } from "../../answer.js"
import { type Content, html } from "../html.js"
import { consolePage, prefix } from "./layout.js"
import { shape } from "./shape.js"

type Document = OpenApiDocument.OpenApiDocument
type Operation = OpenApiDocument.Operation

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

const parameter = ({ description, in: place, name, required }: Operation["parameters"][number]): Content =>
  html`<tr><th scope="row"><code>${name}</code><div class="quiet small">${description}</div></th><td>${place}</td>
<td>${required ? html`<span class="badge info">required</span>` : "optional"}</td></tr>`

const parameters = ({ parameters }: Operation): Content =>
  parameters.length > 0 &&
  html`<h3>Parameters</h3><table><thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Needed</th></tr></thead>
<tbody>${parameters.map(parameter)}</tbody></table>`

const body = (content: NonNullable<Operation["requestBody"]>["content"] | undefined): Content =>
  Object.entries(content ?? {}).map(
    ([type, { schema }]) => html`<p class="quiet small">${type}</p><pre tabindex="0">${shape(schema)}</pre>`
  )

type Answered = readonly [status: string, response: Operation["responses"][string]]

const success = ([status, { content, description }]: Answered): Content =>
  html`<h3>Answer <span class="badge good">${status}</span></h3><p class="quiet small">${description}</p>${body(content)}`

/** The bodies of failures are all the same. */
const failure = ([status, { content = {}, description }]: Answered): Content =>
  html`<li><span class="badge warn">${status}</span> ${description}: ${
    "application/json" in content
      ? html`an <a href="#schema-EnhancedError">enhanced error</a>`
      : "a page for people"
  }</li>`

const responses = ({ responses }: Operation): Content => {
  const all: ReadonlyArray<Answered> = Object.entries(responses)
  const failures = all.filter(([status]) => Number(status) >= 400)
  return [
    all.filter(([status]) => Number(status) < 400).map(success),
    html`<h3>Failures</h3><ul class="stack tight failures">${failures.map(failure)}</ul>`
  ]
}

const entry = ({
  method,
  operation,
  path
}: Placed): Content => html`<details class="operation" id="${operation.operationId}">
<summary><span class="badge info">${method}</span> <code>${path}</code>
<span class="quiet small">${operation.summary}</span></summary>
<div class="stack">${parameters(operation)}
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
  const document = OpenApiDocument.make()
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

/** The document, with this emulator as the first server. */
export const openApiJson = (origin: string): Answer => {
  const document = OpenApiDocument.make()
  return json(200, {
    ...document,
    servers: [{ url: origin, description: "This emulator" }, ...document.servers]
  })
}

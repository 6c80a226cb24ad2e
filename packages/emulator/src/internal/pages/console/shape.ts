/** A JSON Schema in the notation of a type, which is shorter and says the same. */
import * as Schema from "effect/Schema"
import type { JsonSchema } from "effect-adobe-pass-rest-v2/OpenApiDocument"
import { optional } from "../../optional.js"
import { type Content, type Html, html } from "../html.js"

const Strings = Schema.Array(Schema.String)

/** The part of a JSON Schema that people read. */
interface Shape {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly description?: string
  readonly properties?: { readonly [name: string]: Shape }
  readonly required?: ReadonlyArray<string>
  readonly items?: Shape | ReadonlyArray<Shape>
  readonly anyOf?: ReadonlyArray<Shape>
  readonly enum?: ReadonlyArray<unknown>
  readonly examples?: ReadonlyArray<unknown>
  readonly additionalProperties?: boolean | Shape
}

const Shape: Schema.Schema<Shape> = Schema.Struct({
  $ref: optional(Schema.String),
  type: optional(Schema.Union(Schema.String, Strings)),
  description: optional(Schema.String),
  properties: optional(Schema.Record({ key: Schema.String, value: Schema.suspend(() => Shape) })),
  required: optional(Strings),
  items: optional(
    Schema.Union(
      Schema.suspend(() => Shape),
      Schema.Array(Schema.suspend(() => Shape))
    )
  ),
  anyOf: optional(Schema.Array(Schema.suspend(() => Shape))),
  enum: optional(Schema.Array(Schema.Unknown)),
  examples: optional(Schema.Array(Schema.Unknown)),
  additionalProperties: optional(
    Schema.Union(
      Schema.Boolean,
      Schema.suspend(() => Shape)
    )
  )
})

const decode = Schema.decodeUnknownSync(Shape)

const joined = (parts: ReadonlyArray<Content>, separator: string): Html =>
  html`${parts.map((part, n) => [n > 0 && separator, part])}`

const literal = (value: unknown): string => JSON.stringify(value)

const union = (values: ReadonlyArray<unknown>, rest: ReadonlyArray<string> = []): Html =>
  joined([...values.map(literal), ...rest], " | ")

const members = (schema: Shape, indent: string): Html => {
  const inner = `${indent}  `
  const required = new Set(schema.required)
  const named = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => html`${inner}${name}${!required.has(name) && "?"}: ${render(member, inner)}\n`
  )
  const { additionalProperties } = schema
  const others =
    typeof additionalProperties === "object" &&
    html`${inner}[name: string]: ${render(additionalProperties, inner)}\n`
  return named.length === 0 && others === false ? html`{}` : html`{\n${named}${others}${indent}}`
}

const list = (items: Shape["items"], indent: string): Html => {
  if (items === undefined) return html`unknown[]`
  return "length" in items
    ? html`[${joined(
        items.map((item) => render(item, indent)),
        ", "
      )}]`
    : html`${render(items, indent)}[]`
}

const render = (schema: Shape, indent: string): Html => {
  const { $ref, anyOf, enum: values, examples, items, type } = schema
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf("/") + 1)
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (values !== undefined) return union(values)
  if (anyOf !== undefined) {
    return joined(
      anyOf.map((part) => render(part, indent)),
      " | "
    )
  }
  if (type === "object" || schema.properties !== undefined) return members(schema, indent)
  if (type === "array") return list(items, indent)
  if (type === "string" && examples !== undefined) return union(examples, ["string"])
  return html`${typeof type === "string" ? type : (type?.join(" | ") ?? "unknown")}`
}

/** Names are links to their schemas. Examples stand for an enumeration that may grow. */
export const shape = (schema: JsonSchema): Html => render(decode(schema), "")

/** A JSON Schema in the notation of a type, which is shorter and says the same. */
import { type Content, type Html, html } from "../html.js"
import type { Shape } from "./openApi.js"

const joined = (parts: ReadonlyArray<Content>, separator: string): Html =>
  html`${parts.map((part, n) => [n > 0 && separator, part])}`

const literal = (value: unknown): string => JSON.stringify(value)

const union = (values: ReadonlyArray<unknown>, rest: ReadonlyArray<string> = []): Html =>
  joined([...values.map(literal), ...rest], " | ")

const members = (schema: Shape, indent: string): Html => {
  const inner = `${indent}  `
  const required = new Set(schema.required)
  const named = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => html`${inner}${name}${!required.has(name) && "?"}: ${shape(member, inner)}\n`
  )
  const { additionalProperties } = schema
  const others =
    typeof additionalProperties === "object" &&
    html`${inner}[name: string]: ${shape(additionalProperties, inner)}\n`
  return named.length === 0 && others === false ? html`{}` : html`{\n${named}${others}${indent}}`
}

const list = (items: Shape["items"], indent: string): Html => {
  if (items === undefined) return html`unknown[]`
  return "length" in items
    ? html`[${joined(
        items.map((item) => shape(item, indent)),
        ", "
      )}]`
    : html`${shape(items, indent)}[]`
}

/** Names are links to their schemas. Examples stand for an enumeration that may grow. */
export const shape = (schema: Shape, indent = ""): Html => {
  const { $ref, anyOf, enum: values, examples, items, type } = schema
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf("/") + 1)
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (values !== undefined) return union(values)
  if (anyOf !== undefined) {
    return joined(
      anyOf.map((part) => shape(part, indent)),
      " | "
    )
  }
  if (type === "object" || schema.properties !== undefined) return members(schema, indent)
  if (type === "array") return list(items, indent)
  if (type === "string" && examples !== undefined) return union(examples, ["string"])
  return html`${typeof type === "string" ? type : (type?.join(" | ") ?? "unknown")}`
}

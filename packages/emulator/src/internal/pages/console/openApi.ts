/** The OpenAPI document of the contract, and what its page reads of it. */
import * as Schema from "effect/Schema"
import * as OpenApiDocument from "effect-adobe-pass-rest-v2/OpenApiDocument"
import { type Answer, json } from "../../answer.js"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })
const Strings = Schema.Array(Schema.String)

/** The part of a JSON Schema that people read. */
export interface Shape {
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

const Content = Schema.Record({ key: Schema.String, value: Schema.Struct({ schema: Shape }) })

const Operation = Schema.Struct({
  tags: Strings,
  operationId: Schema.String,
  summary: optional(Schema.String),
  description: optional(Schema.String),
  parameters: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      in: Schema.String,
      required: Schema.Boolean,
      description: optional(Schema.String),
      schema: Shape
    })
  ),
  requestBody: optional(Schema.Struct({ content: Content })),
  responses: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({ description: Schema.String, content: optional(Content) })
  })
})

/** One operation of the document. */
export interface Operation extends Schema.Schema.Type<typeof Operation> {}

const Document = Schema.Struct({
  info: Schema.Struct({ title: Schema.String, version: Schema.String, description: optional(Schema.String) }),
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({ key: Schema.String, value: Operation })
  }),
  components: Schema.Struct({ schemas: Schema.Record({ key: Schema.String, value: Shape }) })
})

/** The document, as far as its page shows it. */
export interface Document extends Schema.Schema.Type<typeof Document> {}

const decode = Schema.decodeUnknownSync(Document)

export const openApiDocument = (): Document => decode(OpenApiDocument.make())

export const openApiJson = (): Answer => json(200, OpenApiDocument.make())

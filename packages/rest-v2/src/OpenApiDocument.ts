/**
 * The OpenAPI document of REST API v2, as this package calls it and its emulator answers.
 *
 * @since 0.1.0
 */
import * as OpenApi from "@effect/platform/OpenApi"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import { environments } from "effect-adobe-pass/Environment"
import { described } from "./internal/callHeaders.js"
import { RestV2Api } from "./RestV2Api.js"

/**
 * @since 0.1.0
 * @category models
 */
export type JsonSchema = { readonly [keyword: string]: unknown }

type Content = { readonly [type: string]: { readonly schema: JsonSchema } }

/**
 * @since 0.1.0
 * @category models
 */
export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Response {
  readonly description: string
  readonly headers?: { readonly [name: string]: { readonly schema: JsonSchema } }
  readonly content?: Content
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: ReadonlyArray<string>
  readonly security: ReadonlyArray<{ readonly [scheme: string]: ReadonlyArray<string> }>
  readonly parameters: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: { readonly [status: string]: Response }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OpenApiDocument {
  readonly openapi: "3.1.0"
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: ReadonlyArray<{ readonly url: string; readonly description: string }>
  readonly tags: ReadonlyArray<{ readonly name: string }>
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: {
    readonly securitySchemes: { readonly [name: string]: JsonSchema }
    readonly schemas: { readonly [name: string]: JsonSchema }
  }
}

/** Of the platform's own errors, which Adobe Pass does not send. */
const foreign = new Set(["HttpApiDecodeError", "Issue", "PropertyKey"])

const isShared = (schema: JsonSchema, name: string): boolean =>
  schema["type"] === "object" && !foreign.has(name)

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : Predicate.isRecord(value) && Object.keys(value).length === 0

/** What the platform writes and does not hold here: answers may have members that nobody knows yet. */
const isNoise = (keyword: string, value: unknown): boolean =>
  keyword === "$id" ||
  (keyword === "additionalProperties" && value === false) ||
  ((keyword === "required" || keyword === "properties") && isEmpty(value))

/** A schema without noise. Objects are shared; what is no object stands where it is used. */
const tidied =
  (schemas: OpenApiDocument["components"]["schemas"]) =>
  (schema: JsonSchema): JsonSchema => {
    const tidy = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(tidy)
      return Predicate.isRecord(value) ? withTidyMembers(value) : value
    }
    const withTidyMembers = (value: JsonSchema): JsonSchema => {
      const referred = String(value["$ref"] ?? "").replace("#/components/schemas/", "")
      const target = schemas[referred]
      if (target !== undefined && !isShared(target, referred)) return withTidyMembers(target)
      return Object.fromEntries(
        Object.entries(value)
          .filter(([keyword, inner]) => !isNoise(keyword, inner))
          .map(([keyword, inner]) => [keyword, tidy(inner)])
      )
    }
    return withTidyMembers(schema)
  }

const enhancedError = { "application/json": { schema: { $ref: "#/components/schemas/EnhancedError" } } }
const page = { "text/html": { schema: { type: "string" } } }

/** What every operation may be answered with that needs a token. The text for people is the same for all. */
const refusals: Operation["responses"] = {
  400: { description: "The request is not valid", content: enhancedError },
  401: { description: "The access token is not valid", content: enhancedError },
  403: {
    description: "Not allowed, or used up: the action of the error says what to do",
    content: enhancedError
  },
  405: { description: "The method is not that of the operation", content: enhancedError },
  429: { description: "The device has sent too many requests", content: page },
  500: { description: "Adobe Pass failed", content: enhancedError }
}

/** What a browser is shown. */
const pages: Operation["responses"] = Record.map(
  Record.filter(refusals, (_, status) => ["400", "405", "500"].includes(status)),
  ({ description }) => ({ description, content: page })
)

const redirect: Operation["responses"] = {
  302: {
    description: "Leads to the login page of the MVPD, and in the end to the redirect URL of the session",
    headers: { Location: { schema: { type: "string" } } }
  }
}

const meanings: Readonly<Record<string, string>> = {
  200: "What was asked for",
  201: "The profile was created"
}

type Tidy = (schema: JsonSchema) => JsonSchema

const contentOf = (content: OpenApi.OpenApiSpecContent, tidy: Tidy): Content =>
  Object.fromEntries(
    Object.entries(content).map(([type, { schema }]) => [type, { schema: tidy({ ...schema }) }])
  )

const successes = (responses: OpenApi.OpenAPISpecResponses, tidy: Tidy): Operation["responses"] =>
  Object.fromEntries(
    Object.entries(responses)
      .filter(([status]) => Number(status) < 300)
      .map(([status, { content = {} }]) => [
        status,
        { description: meanings[status] ?? "Success", content: contentOf(content, tidy) }
      ])
  )

/** A body none of whose members is required may be left out. */
const bodyOf = (
  { requestBody }: OpenApi.OpenAPISpecOperation,
  tidy: Tidy
): Pick<Operation, "requestBody"> => {
  if (requestBody === undefined) return {}
  const content = contentOf(requestBody.content, tidy)
  const required = Object.values(content).some(
    ({ schema }) => schema["required"] !== undefined || schema["$ref"] !== undefined
  )
  return { requestBody: { required, content } }
}

const operationOf =
  (tidy: Tidy) =>
  (operation: OpenApi.OpenAPISpecOperation): Operation => {
    const { operationId, parameters, responses, summary = "", tags } = operation
    const needsToken = responses[401] !== undefined
    return {
      operationId,
      summary,
      tags,
      security: needsToken ? [{ accessToken: [] }] : [],
      parameters: parameters.map((parameter) => ({
        ...described(parameter),
        schema: tidy({ ...parameter.schema })
      })),
      ...bodyOf(operation, tidy),
      responses: needsToken ? { ...successes(responses, tidy), ...refusals } : { ...redirect, ...pages }
    }
  }

/**
 * Makes the document, in OpenAPI 3.1: JSON, as soon as it is written with `JSON.stringify`.
 *
 * @example
 * ```ts
 * import { OpenApiDocument } from "effect-adobe-pass-rest-v2"
 *
 * const { paths } = OpenApiDocument.make()
 * const summary = paths["/api/v2/{serviceProvider}/configuration"]?.["get"]?.summary
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): OpenApiDocument => {
  const { components, info, openapi, paths, tags } = OpenApi.fromApi(RestV2Api)
  const schemas: OpenApiDocument["components"]["schemas"] = Record.map(components.schemas, (schema) => ({
    ...schema
  }))
  const tidy = tidied(schemas)
  const toOperation = operationOf(tidy)
  return {
    openapi,
    info: { title: info.title, version: info.version, description: info.description ?? "" },
    servers: Object.values(environments).map(({ name, sp }) => ({ url: sp, description: name })),
    tags,
    paths: Record.map(paths, (item) =>
      Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, toOperation(operation)]))
    ),
    components: {
      securitySchemes: {
        accessToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "The access token of a registered client, with the scope api:client:v2"
        }
      },
      schemas: Record.map(Record.filter(schemas, isShared), tidy)
    }
  }
}

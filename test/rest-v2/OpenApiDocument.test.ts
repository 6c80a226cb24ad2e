import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Predicate } from "effect"
import { Environment } from "effect-adobe-pass"
import { OpenApiDocument } from "effect-adobe-pass-rest-v2"

const document = OpenApiDocument.make()
const written: OpenApiDocument.OpenApiDocument = JSON.parse(JSON.stringify(document))

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, ...operation }))
)

/** Every object of the document, with its place. */
const objectsIn = (
  value: unknown,
  place = "#"
): ReadonlyArray<readonly [place: string, value: { readonly [key: string]: unknown }]> => {
  if (Array.isArray(value)) return value.flatMap((item, at) => objectsIn(item, `${place}/${at}`))
  if (!Predicate.isReadonlyRecord(value)) return []
  const inner = Object.entries(value).flatMap(([key, item]) => objectsIn(item, `${place}/${key}`))
  return [[place, value], ...inner]
}

const device = ["AP-Device-Identifier", "X-Device-Info"]
const person = ["Adobe-Subject-Token", "X-Roku-Reserved-Roku-Connect-Token", "AD-Service-Token"]
const visitor = "AP-Visitor-Identifier"
const partner = "AP-Partner-Framework-Status"
const tempPass = "AP-TempPass-Identity"
const always = ["X-Forwarded-For", "User-Agent"]

/** By the table of headers of REST API v2: what is required, and what may be there. */
const headers: Readonly<
  Record<string, { readonly required?: ReadonlyArray<string>; readonly optional: ReadonlyArray<string> }>
> = {
  "get /api/v2/{serviceProvider}/configuration": { optional: [...device, ...always] },
  "post /api/v2/{serviceProvider}/sessions": { required: device, optional: [visitor, ...person, ...always] },
  "post /api/v2/{serviceProvider}/sessions/{code}": { optional: [visitor, ...device, ...always] },
  "get /api/v2/{serviceProvider}/sessions/{code}": { optional: [visitor, ...device, ...always] },
  "get /api/v2/authenticate/{serviceProvider}/{code}": { optional: ["User-Agent"] },
  "get /api/v2/{serviceProvider}/profiles": {
    required: device,
    optional: [visitor, ...person, partner, ...always]
  },
  "get /api/v2/{serviceProvider}/profiles/{mvpd}": {
    required: device,
    optional: [visitor, ...person, partner, tempPass, ...always]
  },
  "get /api/v2/{serviceProvider}/profiles/code/{code}": {
    optional: [visitor, tempPass, ...device, ...always]
  },
  "post /api/v2/{serviceProvider}/decisions/authorize/{mvpd}": {
    required: device,
    optional: [visitor, ...person, partner, tempPass, ...always]
  },
  "post /api/v2/{serviceProvider}/decisions/preauthorize/{mvpd}": {
    required: device,
    optional: [visitor, ...person, partner, tempPass, ...always]
  },
  "get /api/v2/{serviceProvider}/logout/{mvpd}": {
    required: device,
    optional: [visitor, ...person, ...always]
  },
  "post /api/v2/{serviceProvider}/sessions/sso/{partner}": {
    required: device,
    optional: [visitor, partner, ...always]
  },
  "post /api/v2/{serviceProvider}/profiles/sso/{partner}": {
    required: device,
    optional: [visitor, partner, ...always]
  }
}

describe("the OpenAPI document", () => {
  it("is what the file says that is published", () => {
    const file = new URL("../../packages/rest-v2/openapi.json", import.meta.url)
    assert.strictEqual(
      readFileSync(file, "utf8"),
      `${JSON.stringify(document, undefined, 2)}\n`,
      "run npm run openapi"
    )
  })

  it("has the operations of REST API v2, each with the headers of its row and no other (G5)", () => {
    const found = Object.fromEntries(
      operations.map(({ method, parameters, path }) => {
        const named = (isRequired: boolean) =>
          parameters
            .filter((parameter) => parameter.in === "header" && parameter.required === isRequired)
            .map(({ name }) => name)
            .sort()
        return [`${method} ${path}`, { required: named(true), optional: named(false) }]
      })
    )
    const expected = Object.fromEntries(
      Object.entries(headers).map(([operation, { optional, required = [] }]) => [
        operation,
        { required: [...required].sort(), optional: [...optional].sort() }
      ])
    )
    assert.deepStrictEqual(found, expected)
  })

  it("is addressed to the four environments", () => {
    assert.deepStrictEqual(
      document.servers.map(({ url }) => url),
      Object.values(Environment.environments).map(({ sp }) => sp)
    )
  })

  it("demands a token of every operation but the one that a browser opens (G1)", () => {
    for (const { operationId, security } of operations) {
      const isOpen = operationId === "browser.authenticate"
      assert.deepStrictEqual(security, isOpen ? [] : [{ accessToken: [] }], operationId)
    }
    assert.hasAllKeys(document.components.securitySchemes, ["accessToken"])
  })

  it("has an enhanced error for each refusal, and a page where a browser asks or the throttle answers", () => {
    for (const { operationId, responses } of operations) {
      const types = Object.fromEntries(
        Object.entries(responses).map(([status, { content = {} }]) => [status, Object.keys(content).join()])
      )
      const isPage = operationId === "browser.authenticate"
      const [json, page] = ["application/json", "text/html"]
      assert.deepStrictEqual(
        types,
        isPage
          ? { 302: "", 400: page, 405: page, 500: page }
          : {
              200: json,
              ...(operationId === "partnerSingleSignOn.createProfile" ? { 201: json } : {}),
              ...{ 400: json, 401: json, 403: json, 405: json, 429: page, 500: json }
            },
        operationId
      )
    }
  })

  it("takes forms and JSON where Adobe does, and asks for a body where something in it is required (G9)", () => {
    const bodies = Object.fromEntries(
      operations.flatMap(({ operationId, requestBody }) =>
        requestBody === undefined
          ? []
          : [[operationId, [requestBody.required, ...Object.keys(requestBody.content)]]]
      )
    )
    const form = "application/x-www-form-urlencoded"
    assert.deepStrictEqual(bodies, {
      "sessions.create": [false, form],
      "sessions.resume": [false, form],
      "decisions.authorize": [true, "application/json"],
      "decisions.preauthorize": [true, "application/json"],
      "partnerSingleSignOn.requestAuthentication": [true, form],
      "partnerSingleSignOn.createProfile": [true, form]
    })
  })

  it("requires of answers what the client requires", () => {
    const required = Object.fromEntries(
      Object.entries(document.components.schemas).map(([name, schema]) => [name, schema["required"] ?? []])
    )
    assert.deepStrictEqual(required, {
      Configuration: ["requestor"],
      Requestor: ["id", "name", "domains", "mvpds"],
      Domain: ["name"],
      Mvpd: ["id", "displayName"],
      EnhancedError: ["action", "status", "code"],
      Session: ["actionName", "actionType", "reasonType", "sessionId", "serviceProvider"],
      AuthenticationRequest: ["type", "request"],
      SessionInformation: ["existingParameters"],
      Device: [],
      Version: [],
      Profile: ["notBefore", "notAfter", "issuer", "type", "attributes"],
      Attribute: [],
      Profiles: ["profiles"],
      Resources: ["resources"],
      Decisions: ["decisions"],
      Decision: ["resource", "serviceProvider", "mvpd", "authorized", "source"],
      MediaToken: ["serializedToken"],
      Logouts: ["logouts"],
      Logout: ["actionName", "actionType", "mvpd"]
    })
  })
})

describe("the OpenAPI document as OpenAPI 3.1", () => {
  it("is JSON", () => {
    assert.deepStrictEqual(written, document)
    assert.strictEqual(document.openapi, "3.1.0")
  })

  it("names each operation once, with a summary and a tag that is listed", () => {
    const ids = operations.map(({ operationId }) => operationId)
    assert.strictEqual(new Set(ids).size, 13)
    assert.strictEqual(ids.length, 13)
    const tags = new Set(document.tags.map(({ name }) => name))
    for (const operation of operations) {
      assert.isNotEmpty(operation.summary)
      for (const tag of operation.tags) assert.isTrue(tags.has(tag), tag)
    }
  })

  it("has the parameters of each path, which are required, and no parameter twice", () => {
    for (const { operationId, parameters, path } of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === "path")
      assert.deepStrictEqual(
        inPath.map(({ name }) => name),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name),
        operationId
      )
      assert.isTrue(inPath.every(({ required }) => required))
      const names = parameters.map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`)
      assert.strictEqual(new Set(names).size, names.length)
      assert.isTrue(
        parameters.every(({ description, schema }) => description && schema["type"]),
        operationId
      )
      // Parameters of these names are ignored.
      assert.isFalse(names.some((name) => /^header (?:accept|content-type|authorization)$/.test(name)))
    }
  })

  it("describes every response", () => {
    for (const { operationId, responses } of operations) {
      for (const [status, { description }] of Object.entries(responses)) {
        assert.isNotEmpty(description, `${operationId} ${status}`)
      }
    }
  })

  it("refers only to what it holds, and holds only what is referred to", () => {
    const references = objectsIn(written).flatMap(([, { $ref }]) => (typeof $ref === "string" ? [$ref] : []))
    const held = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    assert.deepStrictEqual([...new Set(references)].sort(), held.sort())
  })

  it("has schemas that are of a type or refer to one, and accept members that nobody knows", () => {
    const types = ["object", "array", "string", "integer", "boolean"]
    const schemas = Object.values(document.components.schemas).flatMap((schema) => objectsIn(schema))
    for (const [place, schema] of schemas) {
      if (place.endsWith("/properties")) continue
      const isAnything = place.endsWith("/value")
      if (!isAnything && schema["$ref"] === undefined) assert.include(types, schema["type"], place)
      assert.notStrictEqual(schema["additionalProperties"], false, place)
      assert.isUndefined(schema["anyOf"], place)
      assert.isUndefined(schema["$id"], place)
      const properties = Predicate.isReadonlyRecord(schema["properties"]) ? schema["properties"] : {}
      const required = Array.isArray(schema["required"]) ? schema["required"] : []
      assert.includeMembers(Object.keys(properties), required, place)
    }
  })
})

import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Option, Schema } from "effect"
import { CurrentDevice, Device, EnhancedError, ProtectedClient } from "effect-adobe-pass"
import { against } from "../support/against.js"
import { runs } from "../support/property.js"
import { json as reply } from "../support/standIn.js"

const Entry = Schema.Struct({ action: Schema.String, code: Schema.String, status: Schema.Number })
const catalogue = Schema.decodeUnknownSync(
  Schema.parseJson(
    Schema.Struct({ v2: Schema.Array(Entry), v1: Schema.Array(Entry), historical: Schema.Array(Entry) })
  )
)(readFileSync(new URL("./fixtures/enhanced-errors.json", import.meta.url), "utf8"))

const decode = (body: string) => Option.getOrUndefined(EnhancedError.decode(body))
const json = (value: unknown) => decode(JSON.stringify(value))

const error = {
  action: "retry",
  status: 403,
  code: "network_connection_timeout",
  message: "Partner timed out.",
  details: "From the MVPD.",
  helpUrl: "https://experienceleague.adobe.com/docs/pass",
  trace: "c0a80101-7a7a-4e39-8d55-2f4f1c9a0b77"
}

const xml = (fields: Readonly<Record<string, string | number>>) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<error>\n${Object.entries(fields)
    .map(([name, value]) => `  <${name}>${value}</${name}>`)
    .join("\n")}\n</error>\n`

describe("an enhanced error", () => {
  it("is decoded from a flat object, which is what the top level has", () => {
    assert.deepStrictEqual(json(error), error)
  })

  it("is decoded whatever the order of its keys, and without those that it does not know", () => {
    const reversed = Object.fromEntries(Object.entries({ ...error, extra: 1 }).reverse())
    assert.deepStrictEqual(json(reversed), error)
  })

  it("is decoded from under an error object", () => {
    assert.deepStrictEqual(json({ status: "BAD_REQUEST", error }), error)
  })

  it("is decoded from an error string, as OAuth has it", () => {
    assert.deepStrictEqual(json({ error: "access_denied" }), { code: "access_denied" })
    assert.deepStrictEqual(json({ error: "access_denied", message: "No.", status: 401 }), {
      code: "access_denied",
      message: "No.",
      status: 401
    })
  })

  it("is decoded from the plain status and message of older APIs", () => {
    assert.deepStrictEqual(json({ status: 403, message: "User not Authenticated" }), {
      status: 403,
      message: "User not Authenticated"
    })
  })

  it("is decoded from an action alone: that is what decides (H1)", () => {
    assert.deepStrictEqual(json({ action: "retry", status: 403 }), { action: "retry", status: 403 })
  })

  it("is decoded from XML, entities included", () => {
    assert.deepStrictEqual(decode(xml(error)), error)
    assert.deepStrictEqual(
      decode("<error><code>a</code><message>&lt;A&amp;B&gt; &quot;&apos;&amp;lt;</message></error>"),
      { code: "a", message: "<A&B> \"'&lt;" }
    )
  })

  it("may have a message that is an object", () => {
    assert.deepStrictEqual(json({ code: "a", message: { en: "No." } }), {
      code: "a",
      message: '{"en":"No."}'
    })
  })

  it("keeps codes and actions that nobody has heard of (H4)", () => {
    const made = { action: "sing-a-song", code: "brand_new_code", status: 418 }
    assert.deepStrictEqual(json(made), made)
    assert.deepStrictEqual(decode(xml(made)), made)
  })

  it("has a status when there is a whole number, and none otherwise", () => {
    const status = (value: unknown) => json({ code: "a", status: value })?.status
    assert.deepStrictEqual([403, "403", " 403 ", 0].map(status), [403, 403, 403, 0])
    for (const value of [null, "", " ", true, false, [], {}, "BAD_REQUEST", 1.5, "NaN", undefined]) {
      assert.strictEqual(status(value), undefined, JSON.stringify(value))
    }
  })

  it.each([
    ["an HTML page", "<html><body><h1>Sorry</h1></body></html>"],
    ["text", "Not found"],
    ["nothing", ""],
    ["white space", " \r\n"],
    ["half an object", '{"code":"a","mess'],
    ["a list", '[{"code":"a"}]'],
    ["a string", '"access_denied"'],
    ["a number", "5"],
    ["null", "null"],
    ["an object without any of its keys", '{"decisions":[]}'],
    ["another XML document", "<errors><error><code>a</code></error></errors>"]
  ])("is not decoded from %s (H7)", (_, body) => {
    assert.isUndefined(decode(body))
  })

  it.prop(
    "is found or not, but never thrown",
    [
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((value) => `{"code":"a","message":${value},"error":${value}}`)
      )
    ],
    ([body]) => {
      assert.isTrue(Option.isOption(EnhancedError.decode(body)))
    },
    runs(500)
  )

  it("survives a message that is nested too deeply to be written again", () => {
    const depth = 200_000
    const body = `{"code":"a","message":${"[".repeat(depth)}${"]".repeat(depth)}}`
    assert.strictEqual(decode(body)?.code, "a")
  })

  it("takes a time that does not explode with the length of broken XML", () => {
    assert.isDefined(decode(`<error>${"<a>".repeat(100_000)}`))
    assert.isUndefined(decode(" ".repeat(200_000)))
    assert.isDefined(decode(`<error><${"a".repeat(100_000)}`))
  })
})

describe("the catalogue", () => {
  it("has the 47 codes of REST v2, the 25 of REST v1 and 31 that were documented once", () => {
    const codes = (list: ReadonlyArray<typeof Entry.Type>) => new Set(list.map(({ code }) => code)).size
    assert.deepStrictEqual(
      [codes(catalogue.v2), codes(catalogue.v1), codes(catalogue.historical)],
      [47, 25, 31]
    )
  })

  it.each(Object.entries(catalogue))("of %s decodes in every shape (H4)", (_, entries) => {
    for (const entry of entries) {
      assert.deepStrictEqual(json(entry), entry)
      assert.deepStrictEqual(json({ error: entry }), entry)
      assert.deepStrictEqual(decode(xml(entry)), entry)
      assert.deepStrictEqual(
        EnhancedError.items({ decisions: [{ authorized: false, error: entry }] }).map((item) => item.error),
        [entry]
      )
    }
  })
})

describe("errors of single items", () => {
  it("are found in a 200 of REST v2, with the place where they stand (H2, H3)", () => {
    const answer = {
      decisions: [
        { resource: "a", authorized: true },
        { resource: "b", authorized: false, error },
        { resource: "c", authorized: false, error: { ...error, action: "none", code: "x" } }
      ]
    }
    assert.deepStrictEqual(EnhancedError.items(answer), [
      { path: ["decisions", 1], error },
      { path: ["decisions", 2], error: { ...error, action: "none", code: "x" } }
    ])
  })

  it("are found at the attributes of profiles, as bare codes (H3)", () => {
    const answer = {
      profiles: {
        NorthCable: {
          attributes: {
            userID: { value: "a", state: "plain" },
            zip: { error: "invalid_configuration_user_metadata_certificate" }
          }
        },
        SouthSat: { attributes: { upstreamUserID: { error } } },
        Odd: { attributes: [] },
        None: null
      }
    }
    assert.deepStrictEqual(EnhancedError.items(answer), [
      {
        path: ["profiles", "NorthCable", "attributes", "zip"],
        error: { code: "invalid_configuration_user_metadata_certificate" }
      },
      { path: ["profiles", "SouthSat", "attributes", "upstreamUserID"], error }
    ])
  })

  it("are found in a 200 of REST v1 (H3)", () => {
    assert.deepStrictEqual(EnhancedError.items({ resources: [{ id: "a", authorized: false, error }] }), [
      { path: ["resources", 0], error }
    ])
  })

  it.each([
    undefined,
    null,
    5,
    "decisions",
    [],
    {},
    { decisions: null },
    { decisions: {} },
    { decisions: [null, 1, "error", [], { error: null }, { error: [] }, {}] }
  ])("are not found in %j", (answer) => {
    assert.deepStrictEqual(EnhancedError.items(answer), [])
  })
})

describe("an error without secrets", () => {
  const secrets = ["a-token", "device-1", "203.0.113.7", ""]

  it("has none of them in any text, however often the server echoed them (H10)", () => {
    const echo = "a-token of device-1 at 203.0.113.7 and a-token"
    const clean = EnhancedError.scrub(
      { status: 403, code: echo, action: echo, message: echo, details: echo, helpUrl: echo, trace: echo },
      secrets
    )
    const text = JSON.stringify(clean)
    for (const secret of secrets.filter((secret) => secret !== "")) assert.notInclude(text, secret)
    assert.strictEqual(clean.message, "<redacted> of <redacted> at <redacted> and <redacted>")
    assert.strictEqual(clean.status, 403)
  })

  it("has no JWT of anybody, nor what is left of one (H10)", () => {
    const header = "eyJhbGciOiJSUzI1NiJ9"
    const claims = "eyJjbGllbnRfaWQiOiJhIn0"
    const clean = EnhancedError.scrub(
      {
        message: `${header}.${claims}.c2ln, ${claims}.c2ln and ${claims}. All refused.`,
        helpUrl: `https://help.example/?token=${header}.${claims}.c2ln&x=1`
      },
      []
    )
    assert.deepStrictEqual(clean, {
      message: "<redacted>, <redacted> and <redacted>. All refused.",
      helpUrl: "https://help.example/?token=<redacted>&x=1"
    })
  })

  it("is the same when there was none, and the original is not touched", () => {
    assert.deepStrictEqual(EnhancedError.scrub(error, secrets), error)
    const original = { message: "a-token" }
    EnhancedError.scrub(original, secrets)
    assert.deepStrictEqual(original, { message: "a-token" })
  })

  it("has its action and code whole even where a device has a short name", () => {
    const clean = EnhancedError.scrub(error, ["r", "network", "retry"])
    assert.deepStrictEqual([clean.action, clean.code], ["retry", "network_connection_timeout"])
  })

  it("has no beginning of a secret either, where a long text is cut", () => {
    const token = "eyJhbGciOiJSUzI1NiJ9.".padEnd(700, "x")
    const decoded = json({ code: "a", message: `${"-".repeat(500)}${token}` })
    assert.isDefined(decoded)
    const clean = EnhancedError.scrub(decoded ?? {}, [token])
    assert.notInclude(clean.message ?? "", "eyJ")
  })

  it("has no text longer than 1000 characters", () => {
    const decoded = json({ code: "a", message: "-".repeat(5000), details: { deep: "-".repeat(5000) } })
    const clean = EnhancedError.scrub(decoded ?? {}, [])
    assert.strictEqual(clean.message?.length, 1000)
    assert.strictEqual(clean.details?.length, 1000)
  })
})

describe("the words of a device's headers", () => {
  const message = (userAgent: string) =>
    Effect.map(
      against(
        { call: () => reply(400, { code: "a_code", message: `${userAgent} is not a device` }) },
        Effect.gen(function* () {
          const adobe = yield* ProtectedClient.ProtectedClient
          const error = yield* Effect.flip(adobe.get("/api/v2/x"))
          return error._tag === "RequestRejected" ? error.serverMessage : error._tag
        }).pipe(
          Effect.provideServiceEffect(
            CurrentDevice,
            Device.make({ id: "a-device-of-ours", ip: "203.0.113.7", info: "browser", userAgent })
          )
        )
      ),
      ({ result }) => result
    )

  it.effect("stay in the messages of a server when they are too short to tell one device from others", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* message("unknown"), "unknown is not a device")
      assert.notInclude(yield* message("Mozilla/5.0 (Linux)"), "Mozilla/5.0 (Linux)")
    })
  )
})

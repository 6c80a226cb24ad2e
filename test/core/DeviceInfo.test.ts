import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Either, FastCheck as fc } from "effect"
import { DeviceInfo } from "effect-adobe-pass"
import { runs } from "../support/property.js"
import { info } from "../support/system.js"

const required = ["model", "version", "osName", "osVersion", "connectionType"] as const

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64")
const decode = (header: string): unknown => JSON.parse(Buffer.from(header, "base64").toString("utf8"))
const header = (value: DeviceInfo.DeviceInfo) => Either.getOrThrow(DeviceInfo.toHeader(value))
const problem = (result: Either.Either<unknown, { readonly message: string }>) =>
  Either.match(result, { onLeft: ({ message }) => message, onRight: () => "no problem" })

/** Values as JavaScript has them, where nobody checked the types. */
const untyped = (value: object): DeviceInfo.DeviceInfo => ({ ...info, ...value })

const full: DeviceInfo.DeviceInfo = {
  primaryHardwareType: "SetTopBox",
  model: "AFTM",
  version: "montoya",
  manufacturer: "Amazon",
  vendor: "Amazon",
  osName: "Android",
  osFamily: "Android",
  osVendor: "Amazon",
  osVersion: "5.1.1",
  browserName: "Chrome",
  browserVendor: "Google",
  browserVersion: "60.0.3112",
  userAgent: "Mozilla/5.0 (Linux)",
  displayWidth: 1920,
  displayHeight: 1080,
  displayPpi: 294,
  diagonalScreenSize: 5.5,
  connectionIp: "203.0.113.7",
  connectionPort: "51617",
  connectionType: "WiFi",
  connectionSecure: true,
  applicationId: "REF30"
}

describe("the X-Device-Info header", () => {
  it("is the base64 of one JSON object with every key that was given", () => {
    assert.deepStrictEqual(decode(header(full)), full)
    assert.deepStrictEqual(decode(header(info)), info)
  })

  it.prop(
    "is on one line, in standard base64 with padding, and not URL-encoded (G10)",
    [Arbitrary.make(DeviceInfo.DeviceInfo)],
    ([value]) => {
      assert.match(header(value), /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
    },
    runs(200)
  )

  it.prop(
    "can be read back",
    [Arbitrary.make(DeviceInfo.DeviceInfo)],
    ([value]) => {
      // JSON has neither undefined members nor a negative zero.
      const expected: DeviceInfo.DeviceInfo = JSON.parse(JSON.stringify(value))
      assert.deepStrictEqual(DeviceInfo.fromHeader(header(value)), Either.right(expected))
    },
    runs(500)
  )

  it("carries text of any script", () => {
    const model = "Телевизор 電視 \u{1F4FA}"
    assert.deepStrictEqual(decode(header({ ...info, model })), { ...info, model })
  })

  it("accepts values that no list has: the lists have gaps", () => {
    assert.propertyVal(decode(header({ ...info, osName: "Tizen" })), "osName", "Tizen")
  })

  it.each(required)("cannot be built without %s, and the error names it (G6)", (key) => {
    const { [key]: _, ...rest } = info
    // @ts-expect-error a required key is missing
    const incomplete: DeviceInfo.DeviceInfo = rest
    assert.include(problem(DeviceInfo.toHeader(incomplete)), `keys: ${key} (`)
    assert.include(problem(DeviceInfo.fromHeader(encode(rest))), `keys: ${key} (`)
  })

  it.each(required)("cannot be built with an empty or blank %s (G6)", (key) => {
    for (const value of ["", "  ", "\t"]) {
      assert.include(problem(DeviceInfo.toHeader(untyped({ [key]: value }))), `keys: ${key} (`)
    }
  })

  it("names all missing keys at once, and shows no value", () => {
    const message = problem(DeviceInfo.fromHeader(encode({ model: "a-secret-model\u0000" })))
    for (const key of required) assert.include(message, key)
    assert.notInclude(message, "secret")
  })

  it.each(["\u0000", "\n", "\r\n", "\u001b", "\u007f"])(
    "has no control character such as %j",
    (character) => {
      for (const key of ["model", "userAgent", "osFamily", "connectionIp"]) {
        assert.include(problem(DeviceInfo.toHeader(untyped({ [key]: `a${character}b` }))), key)
      }
    }
  )

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("has no size of %d", (displayWidth) => {
    assert.include(problem(DeviceInfo.toHeader({ ...info, displayWidth })), "displayWidth")
  })

  it("drops keys that Adobe does not know", () => {
    assert.deepStrictEqual(decode(header(untyped({ hostname: "server-1" }))), info)
  })

  it("leaves out what is undefined", () => {
    assert.deepStrictEqual(decode(header({ ...info, vendor: undefined, displayWidth: undefined })), info)
  })
})

describe("a header that a device sent", () => {
  it("may have numbers and booleans as text", () => {
    const text = { ...info, displayWidth: "1920", diagonalScreenSize: "5.5", connectionSecure: "false" }
    assert.deepStrictEqual(
      DeviceInfo.fromHeader(encode(text)),
      Either.right({ ...info, displayWidth: 1920, diagonalScreenSize: 5.5, connectionSecure: false })
    )
  })

  it("may have numbers where text is expected, versions and ports above all", () => {
    assert.deepStrictEqual(
      DeviceInfo.fromHeader(encode({ ...info, version: 2, osVersion: 5.1, connectionPort: 51617 })),
      Either.right({ ...info, version: "2", osVersion: "5.1", connectionPort: "51617" })
    )
  })

  it.each([
    ["null", { vendor: null, displayWidth: null, connectionSecure: null }],
    ["empty", { displayWidth: "", connectionSecure: "" }],
    ["of no use", { vendor: { name: "a" }, displayWidth: "wide", connectionSecure: "maybe" }],
    ["of control characters", { vendor: "a\r\nb", connectionIp: "\u0000" }]
  ])("may have optional values that are %s: they are left out", (_, values) => {
    assert.deepStrictEqual(DeviceInfo.fromHeader(encode({ ...info, ...values })), Either.right(info))
  })

  it.each(["True", "TRUE", "true", true])("may be secure in the form %j", (connectionSecure) => {
    assert.deepStrictEqual(
      DeviceInfo.fromHeader(encode({ ...info, connectionSecure })),
      Either.right({ ...info, connectionSecure: true })
    )
  })

  const odd = { ...info, model: "a?>b?>c~~~", vendor: "\u00fc\u00ff\u{1F4FA}" }
  const written: ReadonlyArray<readonly [string, (base64: string) => string]> = [
    ["without padding", (base64) => base64.replace(/=+$/, "")],
    ["URL-safe", (base64) => base64.replaceAll("+", "-").replaceAll("/", "_")],
    ["URL-encoded, as for the first API", encodeURIComponent],
    ["with blanks for its plus signs", (base64) => base64.replaceAll("+", " ")],
    ["with spaces around it", (base64) => ` ${base64}\n`]
  ]
  it.each(written)("may be base64 that is %s", (_, write) => {
    assert.match(encode(odd), /[+/]/)
    assert.deepStrictEqual(DeviceInfo.fromHeader(write(encode(odd))), Either.right(odd))
  })

  it("may be folded over lines", () => {
    const folded = header(info).replace(/.{40}/g, "$&\r\n")
    assert.deepStrictEqual(DeviceInfo.fromHeader(folded), Either.right(info))
  })

  const broken: ReadonlyArray<readonly [string, string, string]> = [
    ["half URL-encoded", "%7", "is not base64"],
    ["not base64", "{}", "is not base64"],
    ["base64 of no JSON", Buffer.from("model=AFTM").toString("base64"), "is not base64 of a JSON object"],
    ["empty", "", "is not base64 of a JSON object"],
    ["a list", encode([info]), "is not base64 of a JSON object"],
    ["text", encode("AFTM"), "is not base64 of a JSON object"],
    ["null", encode(null), "is not base64 of a JSON object"],
    ["with a list as model", encode({ ...info, model: ["a"] }), "keys: model ("],
    ["with null as model", encode({ ...info, model: null }), "keys: model ("],
    [
      "nested 3,000 deep",
      Buffer.from(`{"model":${"[".repeat(3000)}${"]".repeat(3000)}}`).toString("base64"),
      "keys: model, version"
    ],
    [
      "written in Latin-1",
      Buffer.from(JSON.stringify({ ...info, model: "Fernseher \u00fc" }), "latin1").toString("base64"),
      "text that is not UTF-8"
    ]
  ]
  it.each(broken)("that is %s is refused", (_, value, expected) => {
    assert.include(problem(DeviceInfo.fromHeader(value)), expected)
  })

  it.prop(
    "never makes the decoder throw, whatever it is",
    [
      fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.json().map((json) => Buffer.from(json).toString("base64"))
      )
    ],
    ([value]) => {
      assert.isTrue(Either.isEither(DeviceInfo.fromHeader(value)))
    },
    runs(500)
  )
})

/**
 * The `X-Device-Info` header: what the streaming device is, so that Adobe Pass and the MVPD can apply its rules.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { InvalidInput } from "./AdobePassError.js"
import { issuePaths } from "./internal/issuePaths.js"

const Text = Schema.String.pipe(Schema.pattern(/^[^\u0000-\u001f\u007f]*$/))
const RequiredText = Text.pipe(Schema.pattern(/\S/))

/** The values that Adobe lists, and any other text: the lists have gaps, and they grow. */
const openLiteral = <const Known extends ReadonlyArray<string>>(
  ..._known: Known
): Schema.Schema<Known[number] | (string & {}), string> => Text

const NumberFromEither = Schema.Union(Schema.Finite, Schema.NumberFromString.pipe(Schema.finite()))
const BooleanFromEither = Schema.Union(
  Schema.Boolean,
  Schema.compose(Schema.Lowercase, Schema.BooleanFromString, { strict: false })
)

/** Absent or undefined: most compilers are not set to tell the two apart. JSON leaves both out. */
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(schema)

/**
 * The values of `primaryHardwareType` that Adobe lists.
 *
 * @since 0.1.0
 * @category schemas
 */
export const hardwareTypes = [
  "Camera",
  "DataCollectionTerminal",
  "Desktop",
  "EmbeddedNetworkModule",
  "eReader",
  "GamesConsole",
  "GeolocationTracker",
  "Glasses",
  "MediaPlayer",
  "MobilePhone",
  "PaymentTerminal",
  "PluginModem",
  "SetTopBox",
  "TV",
  "Tablet",
  "WirelessHotspot",
  "Wristwatch",
  "Unknown"
] as const

/**
 * The keys of the header. The five that Adobe requires are required by the type; restricted values are suggested,
 * and any other text is accepted. Sizes are numbers, `connectionSecure` is a boolean, all else is text without
 * control characters.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeviceInfo = Schema.Struct({
  model: RequiredText,
  version: RequiredText,
  osName: openLiteral(
    "Android",
    "Chrome OS",
    "Linux",
    "Mac OS",
    "OS X",
    "OpenBSD",
    "Roku OS",
    "Windows",
    "iOS",
    "tvOS",
    "webOS"
  ).pipe(Schema.pattern(/\S/)),
  osVersion: RequiredText,
  connectionType: RequiredText,
  primaryHardwareType: optional(openLiteral(...hardwareTypes)),
  manufacturer: optional(Text),
  vendor: optional(Text),
  osFamily: optional(
    openLiteral(
      "Android",
      "BSD",
      "Linux",
      "PlayStation OS",
      "Roku OS",
      "Symbian",
      "Tizen",
      "Windows",
      "iOS",
      "tvOS",
      "macOS",
      "webOS"
    )
  ),
  osVendor: optional(
    openLiteral(
      "Amazon",
      "Apple",
      "Google",
      "LG",
      "Microsoft",
      "Mozilla",
      "Nintendo",
      "Nokia",
      "Roku",
      "Samsung",
      "Sony",
      "Tizen Project"
    )
  ),
  browserName: optional(
    openLiteral(
      "Android Browser",
      "Chrome",
      "Edge",
      "Firefox",
      "Internet Explorer",
      "Opera",
      "Safari",
      "SeaMonkey",
      "Symbian Browser"
    )
  ),
  browserVendor: optional(
    openLiteral(
      "Amazon",
      "Apple",
      "Google",
      "Microsoft",
      "Motorola",
      "Mozilla",
      "Netscape",
      "Nintendo",
      "Nokia",
      "Samsung",
      "Sony Ericsson"
    )
  ),
  browserVersion: optional(Text),
  userAgent: optional(Text),
  displayWidth: optional(NumberFromEither),
  displayHeight: optional(NumberFromEither),
  displayPpi: optional(NumberFromEither),
  diagonalScreenSize: optional(NumberFromEither),
  connectionIp: optional(Text),
  connectionPort: optional(Text),
  connectionSecure: optional(BooleanFromEither),
  applicationId: optional(Text)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface DeviceInfo extends Schema.Schema.Type<typeof DeviceInfo> {}

const validate = Schema.validateEither(DeviceInfo, { errors: "all" })
const decode = Schema.decodeUnknownEither(DeviceInfo, { errors: "all" })

const invalid = (problem: string): InvalidInput => new InvalidInput({ field: "device.info", problem })

const unusableKeys = (error: ParseResult.ParseError): InvalidInput => {
  if (error.issue.actual === undefined) return invalid('is missing: describe the device, or say "browser"')
  const keys = issuePaths(error)
  return invalid(
    keys.length === 0
      ? "is not an object"
      : `has missing or unusable keys: ${keys.join(", ")} (model, version, osName, osVersion and connectionType are required, control characters are not allowed)`
  )
}

/**
 * The header value: base64 of the JSON, on one line, not URL-encoded. Fails with `InvalidInput` that names the keys
 * when one is missing or holds control characters.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toHeader = (info: DeviceInfo): Either.Either<string, InvalidInput> =>
  Either.mapBoth(validate(info), {
    onLeft: unusableKeys,
    onRight: (valid) => Encoding.encodeBase64(JSON.stringify(valid))
  })

/**
 * The characters of standard base64 without padding, whatever they went through: URL encoding, as REST API v1 demanded
 * it, the URL-safe alphabet, a form in which `+` became a blank, or folding over lines.
 */
const base64Of = (header: string): Either.Either<string, InvalidInput> =>
  Either.try({
    try: () =>
      decodeURIComponent(header.trim())
        .replace(/[\r\n]+[ \t]*/g, "")
        .replace(/[ -]/g, "+")
        .replaceAll("_", "/")
        .replace(/=+$/, ""),
    catch: () => invalid("is not base64 of a JSON object")
  })

const textOf = (bytes: Uint8Array): Either.Either<string, InvalidInput> =>
  Either.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => invalid("is base64 of text that is not UTF-8")
  })

const parse = Schema.decodeEither(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
)

/** Null counts as absent, and a number stands for its text. */
const sent = (value: unknown): unknown => {
  if (value === null) return undefined
  return typeof value === "number" && Number.isFinite(value) ? String(value) : value
}

const reads = (schema: Schema.Schema.AnyNoContext) => {
  const read = Schema.decodeUnknownOption(schema)
  return (value: unknown): boolean => Option.isSome(read(value))
}

/** Whether a value of an optional key can be used. */
const optionalKeys = new Map(
  Object.entries(DeviceInfo.fields).flatMap(([key, field]) =>
    Schema.isPropertySignature(field) ? [[key, reads(field.from)] as const] : []
  )
)

/** What is usable of the JSON: an optional value that is not is left out. */
const usable = (json: { readonly [key: string]: unknown }): unknown =>
  Object.fromEntries(
    Object.keys(DeviceInfo.fields).flatMap((key) => {
      const value = sent(json[key])
      return value === undefined || optionalKeys.get(key)?.(value) === false ? [] : [[key, value]]
    })
  )

/**
 * Reads a header value that a device sent to your backend, so that it can be forwarded. The five keys that Adobe requires
 * must be there. Everything else is read leniently: numbers as text and text as numbers, unknown keys and unusable
 * optional values are dropped, and base64 may be URL-safe, without padding or URL-encoded.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromHeader = (header: string): Either.Either<DeviceInfo, InvalidInput> =>
  Either.gen(function* () {
    const noObject = () => invalid("is not base64 of a JSON object")
    const base64 = yield* base64Of(header)
    const bytes = yield* Either.mapLeft(
      Encoding.decodeBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, "=")),
      noObject
    )
    const json = yield* Either.mapLeft(parse(yield* textOf(bytes)), noObject)
    return yield* Either.mapLeft(decode(usable(json)), unusableKeys)
  })

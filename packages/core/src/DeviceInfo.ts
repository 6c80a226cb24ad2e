/**
 * The `X-Device-Info` header: what the streaming device is, so that Adobe Pass and the MVPD can apply its rules.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
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
const BooleanFromEither = Schema.Union(Schema.Boolean, Schema.BooleanFromString)

/** Absent or undefined: most compilers are not set to tell the two apart. JSON leaves both out. */
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(schema)

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
  primaryHardwareType: optional(
    openLiteral(
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
    )
  ),
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
const decode = Schema.decodeEither(Schema.compose(Schema.StringFromBase64, Schema.parseJson(DeviceInfo)), {
  errors: "all"
})

const invalid = (error: ParseResult.ParseError): InvalidInput => {
  const keys = issuePaths(error)
  return new InvalidInput({
    field: "device.info",
    problem:
      keys.length === 0
        ? "is not base64 of a JSON object"
        : `has missing or unusable keys: ${keys.join(", ")} (model, version, osName, osVersion and connectionType are required, control characters are not allowed)`
  })
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
    onLeft: invalid,
    onRight: (valid) => Encoding.encodeBase64(JSON.stringify(valid))
  })

/**
 * Reads a header value that a device sent to your backend, so that it can be forwarded. Numbers and booleans are
 * accepted as text too; unknown keys are dropped.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromHeader = (header: string): Either.Either<DeviceInfo, InvalidInput> =>
  Either.mapLeft(decode(header), invalid)

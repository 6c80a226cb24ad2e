/**
 * The settings of the command line: each is a variable, and most may also be a flag or stand in a configuration file.
 *
 * @since 0.1.0
 */
import * as Options from "effect-adobe-pass/Options"
import * as Setting from "effect-adobe-pass/Setting"

const prefix = "ADOBE_PASS"

/**
 * The variable of an option: `throttle.maxWait` is `ADOBE_PASS_THROTTLE_MAX_WAIT`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const of = (option: string): string => Setting.variable(prefix, option)

/**
 * Options that name a file or a directory. In a configuration file their values are relative to its directory.
 *
 * @since 0.1.0
 * @category constants
 */
export const paths: ReadonlySet<string> = new Set([
  "softwareStatementFile",
  "storeDirectory",
  "storeUrlFile",
  "storeKeysFile",
  "device.infoFile",
  "export.keysFile",
  "gateway.keyFile"
])

/**
 * Options that are secrets: they may be variables or the content of a file, but neither flags nor in a configuration
 * file. Each with the option that names a file in its place.
 *
 * @since 0.1.0
 * @category constants
 */
export const secrets: ReadonlyMap<string, string> = new Map([
  ["softwareStatement", "softwareStatementFile"],
  ["storeUrl", "storeUrlFile"],
  ["gateway.key", "gateway.keyFile"]
])

const own = [
  "environment",
  "spUrl",
  "mgmtUrl",
  "redirectUri",
  "userAgent",
  "softwareStatementFile",
  "store",
  "storeDirectory",
  "storeUrlFile",
  "storeKeysFile",
  "instance",
  "device.id",
  "device.ip",
  "device.port",
  "device.infoFile",
  "device.userAgent",
  "export.keysFile",
  "gateway.listen",
  "gateway.allow",
  "gateway.allowHost",
  "gateway.keyFile",
  "gateway.maxBody",
  "gateway.maxConcurrent",
  "gateway.grace",
  "gateway.trustedProxies",
  "gateway.accessLog"
]

/** The options of the transport, by name: the module that declares them loads undici. A test compares them. */
const transport = [
  "transport.connections",
  "transport.connectTimeout",
  "transport.keepAlive",
  "transport.maximumAge",
  "transport.dnsTtl",
  "transport.proxy"
]

/**
 * All options that a configuration file may hold.
 *
 * @since 0.1.0
 * @category constants
 */
export const known: ReadonlySet<string> = new Set([
  ...own,
  ...Options.adobePass.rows("", "").map(({ option }) => option),
  ...transport
])

const options = new Map(Array.from([...known, ...secrets.keys()], (option) => [of(option), option]))

/**
 * The option of a variable, as a configuration file names it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const optionOf = (variable: string): string | undefined => options.get(variable)

/**
 * Variables that say the same in two ways: one of a source of higher rank displaces the other.
 *
 * @since 0.1.0
 * @category constants
 */
export const alternatives: ReadonlyMap<string, string> = new Map(
  Array.from(secrets).flatMap(([secret, file]) => [
    [of(secret), of(file)],
    [of(file), of(secret)]
  ])
)

/**
 * Variables that describe what another one names. A source that names a device, say, gets no address from a source of
 * lower rank that names another one.
 *
 * @since 0.1.0
 * @category constants
 */
export const descriptions: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  [of("environment"), [of("spUrl"), of("mgmtUrl")]],
  [of("device.id"), [of("device.ip"), of("device.port"), of("device.infoFile"), of("device.userAgent")]]
])

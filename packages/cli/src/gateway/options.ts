/** The options of `adobe-pass gateway`, from flags, variables and the configuration file. */
import { BlockList, isIP } from "node:net"
import * as CliOptions from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type CommandError, type CommandFailed, misconfigured } from "../ExitCode.js"
import * as Flag from "../Flag.js"
import * as Settings from "../Settings.js"
import * as Variable from "../Variable.js"

/** What a gateway is told. */
export interface Options {
  readonly host: string
  readonly port: number
  readonly allowed: BlockList | undefined
  readonly key: Redacted.Redacted<string> | undefined
  readonly allowedHosts: ReadonlyArray<string>
  readonly trustedProxies: number | undefined
  readonly maxBody: number
  readonly maxConcurrent: number
  readonly grace: Duration.Duration
  readonly accessLog: "stdout" | "none"
}

/** The flag that both commands have. */
export const keyFile = Flag.text("key-file", "A file with the shared key that callers send as X-Gateway-Key")

/** The flags of the gateway. */
export const flags = {
  listen: Flag.text("listen", "HOST:PORT (default 127.0.0.1:8080); port 0 takes a free one"),
  allow: Flag.texts("allow", "An address or network (CIDR) that may call; may be repeated"),
  keyFile,
  allowHost: Flag.texts("allow-host", "A further name that callers use for the gateway; may be repeated"),
  trustedProxies: Flag.text("trusted-proxies", "How many proxies in front append to X-Forwarded-For"),
  maxBody: Flag.text("max-body", "The longest body of a request (default 16MiB)"),
  maxConcurrent: Flag.text("max-concurrent", "How many calls may be under way at once (default 1000)"),
  grace: Flag.text("grace", 'How long calls may take to finish when it ends (default "30 seconds")'),
  accessLog: CliOptions.choice("access-log", ["stdout", "none"]).pipe(
    CliOptions.withDescription("Where the access log goes (default stdout)"),
    CliOptions.optional
  )
}

type Given = {
  readonly [Name in Exclude<keyof typeof flags, "allow" | "allowHost">]: Option.Option<string>
} & {
  readonly [Name in "allow" | "allowHost"]: ReadonlyArray<string>
}

const joined = (values: ReadonlyArray<string>): Option.Option<string> =>
  values.length === 0 ? Option.none() : Option.some(values.join(","))

/** The flags by variable, for `Settings.resolve`. */
export const found = (given: Given): ReadonlyMap<string, Settings.Found> =>
  Settings.flags({
    "gateway.listen": { flag: "listen", value: given.listen },
    "gateway.allow": { flag: "allow", value: joined(given.allow) },
    "gateway.keyFile": { flag: "key-file", value: given.keyFile },
    "gateway.allowHost": { flag: "allow-host", value: joined(given.allowHost) },
    "gateway.trustedProxies": { flag: "trusted-proxies", value: given.trustedProxies },
    "gateway.maxBody": { flag: "max-body", value: given.maxBody },
    "gateway.maxConcurrent": { flag: "max-concurrent", value: given.maxConcurrent },
    "gateway.grace": { flag: "grace", value: given.grace },
    "gateway.accessLog": { flag: "access-log", value: given.accessLog }
  })

/** A message that names the flag or the variable that the value came from. */
const wrong = (settings: Settings.Settings, option: string, problem: string): CommandFailed => {
  const variable = Variable.of(option)
  const source = settings.found.get(variable)?.source ?? variable
  return misconfigured(`${source.startsWith("--") ? source : variable} ${problem}.`)
}

const items = (settings: Settings.Settings, option: string): ReadonlyArray<string> =>
  (Settings.get(settings, option) ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")

const whole = (
  settings: Settings.Settings,
  option: string,
  fallback: number,
  minimum: number
): Effect.Effect<number, CommandFailed> => {
  const given = Settings.get(settings, option)
  if (given === undefined) return Effect.succeed(fallback)
  const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  return value >= minimum
    ? Effect.succeed(value)
    : wrong(settings, option, `must be a whole number of at least ${minimum}`)
}

const units: { readonly [unit: string]: number } = { "": 1, kib: 1024, mib: 1_048_576, gib: 1_073_741_824 }

const size = (
  settings: Settings.Settings,
  option: string,
  fallback: number
): Effect.Effect<number, CommandFailed> => {
  const given = Settings.get(settings, option)
  if (given === undefined) return Effect.succeed(fallback)
  const [, digits = "", unit = ""] = /^(\d{1,12})\s*([a-z]*)$/i.exec(given) ?? []
  const factor = units[unit.toLowerCase()]
  return digits === "" || factor === undefined
    ? wrong(settings, option, "must be a number of bytes, such as 16MiB (KiB, MiB, GiB)")
    : Effect.succeed(Number(digits) * factor)
}

const longestGrace = Duration.hours(1)

const grace = (settings: Settings.Settings): Effect.Effect<Duration.Duration, CommandFailed> => {
  const given = Settings.get(settings, "gateway.grace") ?? "30 seconds"
  const short = /^(\d+)\s*s$/.exec(given)?.[1]
  const duration = Duration.decodeUnknown(short === undefined ? given : `${short} seconds`)
  return Option.isSome(duration) && Duration.lessThanOrEqualTo(duration.value, longestGrace)
    ? Effect.succeed(duration.value)
    : wrong(settings, "gateway.grace", 'must be a duration of at most 1 hour, such as "30 seconds"')
}

const listen = (
  settings: Settings.Settings
): Effect.Effect<Pick<Options, "host" | "port">, CommandFailed> => {
  const given = Settings.get(settings, "gateway.listen") ?? "127.0.0.1:8080"
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/i.exec(given) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  return host === undefined || !(port <= 65_535)
    ? wrong(settings, "gateway.listen", "must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080")
    : Effect.succeed({ host, port })
}

/** Adds an address or a network; false when it is neither. */
const add = (allowed: BlockList, item: string): boolean => {
  const [address = "", prefix, ...others] = item.split("/")
  const family = isIP(address) === 6 ? "ipv6" : "ipv4"
  const longest = family === "ipv6" ? 128 : 32
  if (isIP(address) === 0 || others.length > 0) return false
  if (prefix === undefined) allowed.addAddress(address, family)
  else if (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest) {
    allowed.addSubnet(address, Number(prefix), family)
  } else return false
  return true
}

const allowList = (settings: Settings.Settings): Effect.Effect<BlockList | undefined, CommandFailed> =>
  Effect.gen(function* () {
    const given = items(settings, "gateway.allow")
    if (given.length === 0) return undefined
    const allowed = new BlockList()
    return given.every((item) => add(allowed, item))
      ? allowed
      : yield* wrong(
          settings,
          "gateway.allow",
          "must be addresses or networks, such as 10.0.0.0/8 or 2001:db8::7"
        )
  })

const shortestKey = 16

/** The shared key: the variable, or the content of the file. */
export const key = (
  settings: Settings.Settings
): Effect.Effect<Redacted.Redacted<string> | undefined, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = Settings.get(settings, "gateway.keyFile")
    const given = Settings.get(settings, "gateway.key")
    const value = (file === undefined ? given : yield* fs.readFileString(file))?.trim()
    if (value === undefined) return undefined
    const where = file ?? Variable.of("gateway.key")
    return value.length >= shortestKey && /^[\u0021-\u007e]+$/.test(value)
      ? Redacted.make(value)
      : yield* misconfigured(
          `${where} must hold a key of at least ${shortestKey} printable ASCII characters: the output of "openssl rand -base64 32" is one.`
        )
  })

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i

/** Reads and checks all options. Beyond this machine, a gateway without any rule would lend its credentials to everybody. */
export const resolve = (
  settings: Settings.Settings
): Effect.Effect<Options, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { host, port } = yield* listen(settings)
    const allowed = yield* allowList(settings)
    const shared = yield* key(settings)
    if (!loopback.test(host) && allowed === undefined && shared === undefined) {
      return yield* misconfigured(
        `On ${host} other machines can call the gateway with your credentials: name those that may with --allow, or set a shared key with --key-file.`
      )
    }
    const accessLog = Settings.get(settings, "gateway.accessLog") ?? "stdout"
    if (accessLog !== "stdout" && accessLog !== "none") {
      return yield* wrong(settings, "gateway.accessLog", "must be stdout or none")
    }
    const trusted = Settings.get(settings, "gateway.trustedProxies")
    return {
      host,
      port,
      allowed,
      key: shared,
      allowedHosts: items(settings, "gateway.allowHost").map((name) => name.toLowerCase()),
      trustedProxies:
        trusted === undefined ? undefined : yield* whole(settings, "gateway.trustedProxies", 0, 0),
      maxBody: yield* size(settings, "gateway.maxBody", 16 * 1_048_576),
      maxConcurrent: yield* whole(settings, "gateway.maxConcurrent", 1000, 1),
      grace: yield* grace(settings),
      accessLog
    }
  })

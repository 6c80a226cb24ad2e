/** `adobe-pass statement inspect`: what a software statement says, offline. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { toMillis } from "effect-adobe-pass/ClientCredentials"
import * as SoftwareStatement from "effect-adobe-pass/SoftwareStatement"
import { misconfigured } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as StandardInput from "../StandardInput.js"
import { at } from "../Time.js"

const json = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const part = Schema.decode(Schema.compose(Schema.StringFromBase64Url, json))

/** The header and the claims; the signature is never looked at. */
const decoded = (statement: SoftwareStatement.SoftwareStatement) => {
  const [header = "", claims = ""] = Redacted.value(statement.value).split(".")
  return Effect.mapError(Effect.all({ header: part(header), claims: part(claims) }), () =>
    misconfigured("The software statement is not a JWT.")
  )
}

/** What a claim says, as it may be shown, and no longer than a line or two. */
const text = (value: unknown): string | undefined => {
  if (value === undefined) return undefined
  const whole = Output.printable(typeof value === "string" ? value : JSON.stringify(value))
  return whole.length > 200 ? `${whole.slice(0, 200)}...` : whole
}

const numeric = (value: unknown): number =>
  typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : Number.NaN

/** The latest time that a date can be. */
const latest = 8.64e15

/** As a JWT has it, in seconds; milliseconds and digits in a text have been seen, too. */
const time = (value: unknown): number | undefined => {
  const millis = toMillis(numeric(value))
  return Number.isFinite(millis) && Math.abs(millis) <= latest ? millis : undefined
}

/** What is unusual, in sentences. */
const oddities = (
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
  now: number
): ReadonlyArray<string> => {
  const [issued, notBefore, expires] = [time(claims["iat"]), time(claims["nbf"]), time(claims["exp"])]
  const odd: ReadonlyArray<readonly [boolean, string]> = [
    [
      header["alg"] !== "RS256",
      `It is signed with ${text(header["alg"]) ?? "nothing"}; Adobe signs with RS256.`
    ],
    [claims["sub"] === undefined, "It has no subject (sub), so each download counts as another application."],
    [claims["iat"] === undefined, "It does not say when it was issued (iat)."],
    [
      claims["iat"] !== undefined && issued === undefined,
      "When it was issued (iat) cannot be read as a time."
    ],
    [numeric(claims["iat"]) >= 1e11, "Its times are in milliseconds; a JWT has seconds."],
    [
      issued !== undefined && issued > now + 60_000,
      "It was issued in the future: the clock of this machine is behind, or it was not made by Adobe."
    ],
    [notBefore !== undefined && notBefore > now, "It is not valid yet (nbf)."],
    [
      expires !== undefined && expires <= now,
      "It has expired (exp): download it again from the TVE Dashboard."
    ]
  ]
  return odd.flatMap(([is, sentence]) => (is ? [sentence] : []))
}

const read = (file: string) =>
  file === "-"
    ? StandardInput.text("FILE")
    : Effect.flatMap(FileSystem.FileSystem, (fs) => StandardInput.textOf(file, fs.stream(file)))

const inspect = Command.make(
  "inspect",
  {
    file: Args.text({ name: "FILE" }).pipe(
      Args.withDescription("The file downloaded from the TVE Dashboard, or - for standard input")
    ),
    json: Options.boolean("json").pipe(Options.withDescription("Write JSON"))
  },
  ({ file, json }) =>
    Effect.gen(function* () {
      const name = file === "-" ? "Standard input" : file
      const statement = yield* Effect.mapError(SoftwareStatement.make(yield* read(file)), ({ problem }) =>
        misconfigured(`${name} ${problem}.`)
      )
      const { claims, header } = yield* decoded(statement)
      const odd = oddities(header, claims, yield* Clock.currentTimeMillis)
      const issued = time(claims["iat"])
      if (json) {
        return yield* Output.json({ fingerprint: statement.fingerprint, header, claims, odd })
      }
      const rows = [
        ["subject", text(claims["sub"] ?? claims["software_id"])],
        ["client", text(claims["client_name"])],
        ["issuer", text(claims["iss"])],
        ["issued", issued === undefined ? undefined : at(issued)],
        ["algorithm", text(header["alg"])],
        ["fingerprint", statement.fingerprint]
      ] as const
      for (const [name, value] of rows) {
        if (value !== undefined) yield* Output.line(`${name.padEnd(12)}${value}`)
      }
      const { stdout } = yield* Output.Output
      for (const sentence of odd) yield* Output.line(stdout.style("yellow", `odd         ${sentence}`))
    })
).pipe(
  Command.withDescription("Decodes a software statement offline. Its signature is neither checked nor shown.")
)

export const statement = Command.make("statement").pipe(
  Command.withDescription("The software statement of a registered application."),
  Command.withSubcommands([inspect])
)

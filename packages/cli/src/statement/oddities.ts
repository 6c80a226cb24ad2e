/** What is unusual about a software statement, which Adobe Pass may accept all the same. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { toMillis } from "effect-adobe-pass/ClientCredentials"
import type { SoftwareStatement } from "effect-adobe-pass/SoftwareStatement"
import { type CommandFailed, misconfigured } from "../ExitCode.js"
import * as Output from "../Output.js"

/** A part of a JWT. */
export type Part = Readonly<Record<string, unknown>>

const json = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const part = Schema.decode(Schema.compose(Schema.StringFromBase64Url, json))

/** The header and the claims; the signature is never looked at. */
export const decoded = (
  statement: SoftwareStatement
): Effect.Effect<{ readonly header: Part; readonly claims: Part }, CommandFailed> => {
  const [header = "", claims = ""] = Redacted.value(statement.value).split(".")
  return Effect.mapError(Effect.all({ header: part(header), claims: part(claims) }), () =>
    misconfigured("The software statement is not a JWT.")
  )
}

/** What a claim says, as it may be shown, and no longer than a line or two. */
export const text = (value: unknown): string | undefined => {
  if (value === undefined) return undefined
  const whole = Output.printable(typeof value === "string" ? value : JSON.stringify(value))
  return whole.length > 200 ? `${whole.slice(0, 200)}...` : whole
}

const numeric = (value: unknown): number =>
  typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : Number.NaN

/** The latest time that a date can be. */
const latest = 8.64e15

/** As a JWT has it, in seconds; milliseconds and digits in a text have been seen, too. */
export const time = (value: unknown): number | undefined => {
  const millis = toMillis(numeric(value))
  return Number.isFinite(millis) && Math.abs(millis) <= latest ? millis : undefined
}

/** What is unusual, in sentences. */
export const oddities = (header: Part, claims: Part, now: number): ReadonlyArray<string> => {
  const [issued, notBefore, expires] = [time(claims["iat"]), time(claims["nbf"]), time(claims["exp"])]
  const odd: ReadonlyArray<readonly [boolean, string]> = [
    [
      header["alg"] !== "RS256",
      `It is signed with ${text(header["alg"]) ?? "nothing"}; Adobe signs with RS256.`
    ],
    [claims["sub"] === undefined, "It has no subject (sub), so each download counts as another application."],
    [
      claims["sub"] !== undefined && typeof claims["sub"] !== "string",
      "Its subject (sub) is not text, as that of a JWT is."
    ],
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

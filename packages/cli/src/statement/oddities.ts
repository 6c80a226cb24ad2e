/** What is unusual about a software statement, which Adobe Pass may accept all the same. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { SoftwareStatement } from "effect-adobe-pass/SoftwareStatement"
import { type CommandFailed, misconfigured } from "../ExitCode.js"

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

/** A claim as text. */
export const text = (value: unknown): string | undefined =>
  typeof value === "string" ? value : value === undefined ? undefined : JSON.stringify(value)

/** A time in milliseconds. A JWT has seconds; Adobe has written milliseconds, too. */
export const time = (value: unknown): number | undefined =>
  typeof value === "number" ? (value > 100_000_000_000 ? value : value * 1000) : undefined

/** What is unusual, in sentences. */
export const oddities = (header: Part, claims: Part, now: number): ReadonlyArray<string> => {
  const [issued, notBefore, expires] = [time(claims["iat"]), time(claims["nbf"]), time(claims["exp"])]
  const odd: ReadonlyArray<readonly [boolean, string]> = [
    [
      header["alg"] !== "RS256",
      `It is signed with ${text(header["alg"]) ?? "nothing"}; Adobe signs with RS256.`
    ],
    [claims["sub"] === undefined, "It has no subject (sub), so each download counts as another application."],
    [issued === undefined, "It does not say when it was issued (iat)."],
    [
      typeof claims["iat"] === "number" && claims["iat"] > 100_000_000_000,
      "Its times are in milliseconds; a JWT has seconds."
    ],
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

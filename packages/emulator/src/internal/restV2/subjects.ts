/**
 * Single sign-on by tokens: a token stands for a person, and whoever has signed in with it anywhere is signed in
 * everywhere with it.
 */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Subjects } from "../../SavedState.js"

export const nobody: Subjects = {}

const Claims = Schema.parseJson(Schema.Struct({ sub: Schema.NonEmptyString }))
const decodeClaims = Schema.decodeOption(Claims)

/** The subject of a JWS. The emulator has no keys of platforms and programmers, so that it checks no signature. */
const subject = (token: string): string | undefined => {
  const payload = token.split(".")[1]
  if (payload === undefined) return undefined
  const claims = decodeClaims(Buffer.from(payload, "base64url").toString("utf8"))
  return Option.getOrUndefined(Option.map(claims, ({ sub }) => sub))
}

export interface Tokens {
  readonly "adobe-subject-token"?: Redacted.Redacted<string> | undefined
  readonly "x-roku-reserved-roku-connect-token"?: Redacted.Redacted<string> | undefined
  readonly "ad-service-token"?: Redacted.Redacted<string> | undefined
}

/** A token of a platform may be encrypted: then the token itself is who it stands for. */
export const subjectsOf = (tokens: Tokens): Subjects => {
  const platformToken = tokens["adobe-subject-token"] ?? tokens["x-roku-reserved-roku-connect-token"]
  const serviceToken = tokens["ad-service-token"]
  const platform =
    platformToken === undefined
      ? undefined
      : (subject(Redacted.value(platformToken)) ?? Redacted.value(platformToken))
  const service = serviceToken === undefined ? undefined : subject(Redacted.value(serviceToken))
  return {
    ...(platform === undefined ? {} : { platform }),
    ...(service === undefined ? {} : { service })
  }
}

/** `adobe-pass token`: step 3 and 4, an access token that may be used now. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { AccessToken } from "effect-adobe-pass/AccessToken"
import { Sessions } from "effect-adobe-pass/Sessions"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"

const formats = ["text", "json", "header", "env"] as const

type Format = (typeof formats)[number]

/** The token as it is asked for; the only place where a secret is written. */
export const format = (kind: Format, token: AccessToken): string => {
  const value = Redacted.value(token.value)
  switch (kind) {
    case "text":
      return value
    case "header":
      return `Authorization: Bearer ${value}`
    case "env":
      return `ADOBE_PASS_TOKEN=${value}`
    case "json":
      return JSON.stringify({
        access_token: value,
        token_type: "bearer",
        issued_at: new Date(token.issuedAt).toISOString(),
        expires_at: new Date(token.expiresAt).toISOString(),
        scopes: token.scopes
      })
  }
}

const options = {
  ...Settings.options,
  ...Caller.options,
  format: Options.choice("format", formats).pipe(
    Options.withDefault("text"),
    Options.withDescription(
      "text: the token alone; header: for curl -H; env: for env or a shell; json: with expires_at"
    )
  )
}

export const token = Command.make("token", options, (flags) =>
  Effect.gen(function* () {
    const settings = yield* Settings.resolve(flags, Caller.flags(flags))
    const caller = yield* Caller.resolve(settings)
    const token = Effect.flatMap(Sessions, (sessions) => sessions.accessToken(caller.device))
    yield* Output.line(format(flags.format, yield* Effect.provide(token, Application.layer(settings))))
  })
).pipe(
  Command.withDescription(
    "Writes an access token to standard output, and nothing else; registers and refreshes where it is needed."
  )
)

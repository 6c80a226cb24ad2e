/** The forms in which a token is handed out. */
import * as Redacted from "effect/Redacted"
import type { AccessToken } from "effect-adobe-pass/AccessToken"

export const formats = ["text", "json", "header", "env"] as const

export type Format = (typeof formats)[number]

/** When the token expires, for programs. */
export const expiry = ({ expiresAt }: AccessToken): string => new Date(expiresAt).toISOString()

/** The token as it is asked for: what `token` writes, and nothing else of the command line does. */
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
        expires_at: expiry(token),
        scopes: token.scopes
      })
  }
}

/** Whether a file with this content can be one that `format` has written, or a new one: anything else is not ours. */
export const isFormatted = (content: string): boolean => {
  const text = content.trim()
  return /^(?:(?:Authorization: Bearer |ADOBE_PASS_TOKEN=)?[\w.~+/=-]*|\{"access_token":".*\})$/.test(text)
}

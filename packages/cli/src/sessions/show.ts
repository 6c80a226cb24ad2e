/** A session as it is shown: without secrets. */
import * as Option from "effect/Option"
import type { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import type { SessionKey } from "effect-adobe-pass/SessionKey"
import type { Summary, Unreadable } from "effect-adobe-pass/StoredSessions"
import * as Output from "../Output.js"
import { at, iso, span } from "../Time.js"

/** Enough of a key to tell the sessions of a store apart. */
export const short = (session: SessionKey): string => session.slice(0, 12)

/** What becomes of the token: `expires in 5 h 2 min`. */
export const token = ({ token }: Summary, now: number): string => {
  if (token === undefined) return "none"
  const left = token.expiresAt - now
  return left > 0 ? `expires in ${span(left)}` : `expired ${span(-left)} ago`
}

/** How old the credentials are. */
export const age = ({ issuedAt }: Summary, now: number): string =>
  issuedAt <= 0 ? "unknown" : span(now - issuedAt)

/** Why a record cannot be read, in a word and in a sentence. */
export const unreadable = ({ reason }: CredentialStoreError): string => `cannot be read (${reason})`

/** A session for a machine. */
export const json = (entry: Summary | Unreadable) =>
  entry._tag === "Unreadable"
    ? { session: entry.session, error: entry.error.reason, message: entry.error.message }
    : {
        session: entry.session,
        environment: entry.environment,
        statement: entry.statement,
        client: entry.client,
        issued_at: iso(entry.issuedAt),
        scopes: entry.scopes,
        token: Option.getOrNull(
          Option.map(Option.fromNullable(entry.token), ({ expiresAt, issuedAt }) => ({
            issued_at: iso(issuedAt),
            expires_at: iso(expiresAt)
          }))
        ),
        encrypted_with: entry.encryptedWith ?? null
      }

/** A session as lines of a name and a value. */
export const lines = (summary: Summary, now: number): ReadonlyArray<string> => {
  const rows = [
    ["session", summary.session],
    ["environment", summary.environment],
    ["statement", summary.statement],
    ["client", summary.client],
    ["issued", summary.issuedAt <= 0 ? "unknown" : `${at(summary.issuedAt)} (${age(summary, now)} ago)`],
    ["scopes", summary.scopes.join(", ") || "none known"],
    [
      "token",
      summary.token === undefined ? "none" : `${token(summary, now)}, at ${at(summary.token.expiresAt)}`
    ],
    ["encrypted", summary.encryptedWith === undefined ? "no" : `with key ${summary.encryptedWith}`]
  ] as const
  return rows.map(([name, value]) => `${name.padEnd(13)}${Output.printable(value)}`)
}

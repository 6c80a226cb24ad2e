import { Redacted } from "effect"
import { ClientCredentials } from "effect-adobe-pass/ClientCredentials"
import { SessionKey } from "effect-adobe-pass/SessionKey"

/** The session that tests and workers share. */
export const sharedKey = SessionKey.make("c".repeat(64))

/** Pair number `n`, in a record of 200 kB that says its number in every line. */
export const largePair = (n: number): ClientCredentials =>
  new ClientCredentials({
    clientId: Redacted.make(`client-${n}`),
    clientSecret: Redacted.make(`secret-${n}`),
    issuedAt: n,
    redirectUris: Array.from({ length: 4000 }, (_, line) => `app://callback/${line}/of/pair/number/${n}`),
    grantTypes: ["client_credentials"],
    scopes: [`${n}`],
    environment: "release-staging",
    statement: "0123456789abcdef",
    session: sharedKey
  })

/** The number of a large pair; fails when its parts are not of one record. */
export const largePairNumber = (pair: ClientCredentials): number => {
  const n = pair.issuedAt
  const whole =
    Redacted.value(pair.clientId) === `client-${n}` &&
    pair.redirectUris.length === 4000 &&
    pair.redirectUris.every((uri, line) => uri === `app://callback/${line}/of/pair/number/${n}`) &&
    pair.scopes[0] === `${n}`
  if (!whole) throw new Error(`the record of pair ${n} is not whole`)
  return n
}

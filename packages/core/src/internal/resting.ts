/**
 * What the memory of a fleet consists of: the state of a device that has its token and waits to be used.
 *
 * The pair is needed only when the token is replaced, so it is kept as bare text in private fields, which nothing can
 * print, and its object is made when somebody asks; what the sessions of an application have in common is kept once.
 * That is half the memory, and a garbage collector that has much less to look at: each `Redacted` is an entry of a
 * weak map.
 */
import * as Redacted from "effect/Redacted"
import { AccessToken } from "../AccessToken.js"
import { ClientCredentials } from "../ClientCredentials.js"
import type { SessionKey } from "../SessionKey.js"

interface Profile {
  readonly redirectUris: ReadonlyArray<string>
  readonly grantTypes: ReadonlyArray<string>
  readonly scopes: ReadonlyArray<string>
  readonly environment: string
  readonly statement: string
}

const poolSize = 1000

/** One copy of each of equal values; values beyond the size of the pool stay as they are. */
const pool = <A>(): ((value: A) => A) => {
  const known = new Map<string, A>()
  return (value) => {
    const name = JSON.stringify(value)
    const first = known.get(name)
    if (first !== undefined) return first
    if (known.size < poolSize) known.set(name, value)
    return value
  }
}

const sharedProfile = pool<Profile>()
const sharedScopes = pool<ReadonlyArray<string>>()

const withSharedScopes = (token: AccessToken): AccessToken => {
  const scopes = sharedScopes(token.scopes)
  return scopes === token.scopes ? token : new AccessToken({ ...token, scopes }, true)
}

/** @internal */
export class Resting {
  readonly _tag = "Authorized"
  readonly token: AccessToken
  readonly refreshAt: number
  readonly #clientId: string
  readonly #clientSecret: string
  readonly #issuedAt: number
  readonly #session: SessionKey
  readonly #profile: Profile

  constructor(credentials: ClientCredentials, token: AccessToken, refreshAt: number) {
    const { environment, grantTypes, redirectUris, scopes, statement } = credentials
    this.token = withSharedScopes(token)
    this.refreshAt = refreshAt
    this.#clientId = Redacted.value(credentials.clientId)
    this.#clientSecret = Redacted.value(credentials.clientSecret)
    this.#issuedAt = credentials.issuedAt
    this.#session = credentials.session
    this.#profile = sharedProfile({ redirectUris, grantTypes, scopes, environment, statement })
  }

  get credentials(): ClientCredentials {
    return new ClientCredentials(
      {
        ...this.#profile,
        clientId: Redacted.make(this.#clientId),
        clientSecret: Redacted.make(this.#clientSecret),
        issuedAt: this.#issuedAt,
        session: this.#session
      },
      true
    )
  }
}

/** What one emulator has issued: applications with their software statements, clients and access tokens. */
import type { KeyObject } from "node:crypto"
import * as Crypto from "node:crypto"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Issued as Saved } from "../SavedState.js"
import * as Jws from "./jws.js"

export interface Application {
  readonly id: string
  readonly scopes: ReadonlyArray<string>
  /** Hosts and custom schemes that a redirect URI may point to; any when absent. */
  readonly redirectDomains: ReadonlyArray<string> | undefined
}

export interface Client {
  readonly id: string
  readonly secret: string
  readonly application: Application
}

/** A client with what it was given. */
export interface Issued {
  readonly client: Client
  readonly approved: boolean
  /** Oldest first; those that were revoked are gone. */
  readonly tokens: ReadonlyArray<{ readonly token: string; readonly expiresAt: number }>
}

/** What the registry knows of a bearer token. A valid token has no client when its client has been revoked. */
export type TokenReading =
  | { readonly _tag: "Invalid" }
  | { readonly _tag: "Expired" }
  | {
      readonly _tag: "Valid"
      readonly client: Option.Option<Client>
      readonly scopes: ReadonlyArray<string>
    }

const decodeStatementClaims = Schema.decodeOption(
  Schema.parseJson(Schema.Struct({ sub: Schema.String, iss: Schema.Literal("auth.adobe.com") }))
)

const decodeTokenClaims = Schema.decodeOption(
  Schema.parseJson(Schema.Struct({ sub: Schema.String, scopes: Schema.String, exp: Schema.Number }))
)

const expiryOf = (token: string): number =>
  Option.match(decodeTokenClaims(Jws.payload(token)), { onNone: () => 0, onSome: ({ exp }) => exp * 1000 })

const seconds = (millis: number): number => Math.floor(millis / 1000)

export class Registry {
  readonly #applications = new Map<string, Application>()
  readonly #revoked = new Set<string>()
  readonly #clients = new Map<string, Client>()
  /** The state of each token, by client. A token that is missing has been revoked. */
  readonly #tokens = new Map<string, Map<string, "active" | "expired">>()
  /** The keys of registries that this one has imported. */
  readonly #keys: Array<KeyObject> = []
  #lastToken = { second: -1, serial: 0 }

  /** Does not change an application that exists already: the statement is another download of it. */
  mintStatement(application: Application, issuedAtMillis: number): string {
    if (!this.#applications.has(application.id)) this.#applications.set(application.id, application)
    const iat = seconds(issuedAtMillis)
    // The first claim tells a statement of an emulator from a real one, which it must not take the place of.
    return Jws.sign(
      JSON.stringify({ emulated: true, sub: application.id, nbf: iat, iss: "auth.adobe.com", iat })
    )
  }

  applicationOf(statement: string): Option.Option<Application> {
    return Jws.verify(statement, this.#keys).pipe(
      Option.flatMap(decodeStatementClaims),
      Option.flatMapNullable((claims) => this.#applications.get(claims.sub))
    )
  }

  /** Approves or revokes the application of a statement, if the statement is one of this registry. */
  setApproved(statement: string, approved: boolean): void {
    Option.map(this.applicationOf(statement), ({ id }) =>
      approved ? this.#revoked.delete(id) : this.#revoked.add(id)
    )
  }

  isApproved(application: Application): boolean {
    return !this.#revoked.has(application.id)
  }

  addClient(application: Application): Client {
    const client = { id: Crypto.randomUUID(), secret: Crypto.randomUUID(), application }
    this.#clients.set(client.id, client)
    return client
  }

  /** The client, unless its application has been revoked. */
  client(id: string): Option.Option<Client> {
    return Option.fromNullable(this.#clients.get(id)).pipe(
      Option.filter((client) => this.isApproved(client.application))
    )
  }

  clientIds(): ReadonlyArray<string> {
    return [...this.#clients.keys()]
  }

  /** All clients that were not revoked, oldest first. */
  issued(): ReadonlyArray<Issued> {
    return [...this.#clients.values()].map((client) => ({
      client,
      approved: this.isApproved(client.application),
      tokens: [...(this.#tokens.get(client.id) ?? [])].map(([token, state]) => ({
        token,
        expiresAt: state === "expired" ? 0 : expiryOf(token)
      }))
    }))
  }

  /** All that it has issued, as data. */
  exported(): Saved {
    return {
      keys: this.#publicKeys(),
      applications: [...this.#applications.values()].map((application) => ({
        id: application.id,
        scopes: application.scopes,
        ...(application.redirectDomains === undefined
          ? {}
          : { redirectDomains: application.redirectDomains }),
        approved: this.isApproved(application)
      })),
      clients: [...this.#clients.values()].map(({ application, id, secret }) => ({
        id,
        secret,
        application: application.id,
        tokens: [...(this.#tokens.get(id) ?? [])].map(([token, state]) => ({
          token,
          expired: state === "expired"
        }))
      }))
    }
  }

  /** Adds what another registry has issued, in this process or in another. */
  imported({ applications, clients, keys }: Saved): void {
    const known = new Set(this.#publicKeys())
    this.#keys.push(...keys.filter((key) => !known.has(key)).flatMap(Jws.trusted))
    for (const { approved, id, redirectDomains, scopes } of applications) {
      this.#applications.set(id, { id, scopes, redirectDomains })
      if (!approved) this.#revoked.add(id)
    }
    for (const { application: applicationId, id, secret, tokens } of clients) {
      const application = this.#applications.get(applicationId)
      if (application === undefined) continue
      this.#clients.set(id, { id, secret, application })
      this.#tokens.set(
        id,
        new Map(tokens.map(({ expired, token }) => [token, expired ? "expired" : "active"]))
      )
    }
  }

  revokeClient(id: string): void {
    this.#clients.delete(id)
    this.#tokens.delete(id)
  }

  revokeAllClients(): void {
    this.#clients.clear()
    this.#tokens.clear()
  }

  addToken(client: Client, nowMillis: number, ttlSeconds: number): string {
    const iat = seconds(nowMillis)
    this.#lastToken = { second: iat, serial: this.#lastToken.second === iat ? this.#lastToken.serial + 1 : 0 }
    const claims = JSON.stringify({
      sub: client.id,
      nbf: iat,
      iss: "auth.adobe.com",
      scopes: client.application.scopes.join(","),
      exp: iat + ttlSeconds,
      iat
    })
    // RS256 is deterministic and the claims have no id: white space makes two tokens of the same second differ.
    const accessToken = Jws.sign(claims + " ".repeat(this.#lastToken.serial))
    const tokens = this.#tokens.get(client.id) ?? new Map<string, "active" | "expired">()
    this.#tokens.set(client.id, tokens.set(accessToken, "active"))
    return accessToken
  }

  revokeTokens(): void {
    this.#tokens.clear()
  }

  expireTokens(): void {
    for (const tokens of this.#tokens.values()) {
      for (const token of tokens.keys()) tokens.set(token, "expired")
    }
  }

  /** The client that a token of this registry was issued to, even when it is no longer valid. */
  holderOf(accessToken: string): Option.Option<Client> {
    const claims = this.#claimsOf(accessToken)
    return claims === undefined ? Option.none() : this.client(claims.sub)
  }

  readToken(accessToken: string, nowMillis: number): TokenReading {
    const claims = this.#claimsOf(accessToken)
    if (claims === undefined) return { _tag: "Invalid" }
    const state = this.#tokens.get(claims.sub)?.get(accessToken)
    if (nowMillis >= claims.exp * 1000 || state === "expired") return { _tag: "Expired" }
    if (this.#clients.has(claims.sub) && state === undefined) return { _tag: "Invalid" }
    return { _tag: "Valid", client: this.client(claims.sub), scopes: claims.scopes.split(",") }
  }

  /** The claims of a token that this registry has issued. One that it remembers needs no look at its signature. */
  #claimsOf(accessToken: string) {
    const claims = Option.getOrUndefined(decodeTokenClaims(Jws.payload(accessToken)))
    if (claims === undefined) return undefined
    const isKnown = this.#tokens.get(claims.sub)?.has(accessToken) === true
    return isKnown || Option.isSome(Jws.verify(accessToken, this.#keys)) ? claims : undefined
  }

  /** In PEM. */
  #publicKeys(): ReadonlyArray<string> {
    return [Jws.publicKey(), ...this.#keys.map(Jws.pem)]
  }
}

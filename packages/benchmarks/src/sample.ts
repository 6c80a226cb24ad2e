/** A made-up fleet: devices, their records as the store writes them, and a library that nobody can call. */
import { HttpClient } from "@effect/platform"
import { Effect, Either, Layer, Option, Redacted } from "effect"
import { AdobePass, CredentialStore, Device, RegisteredApplication, SessionKey } from "effect-adobe-pass"

const base64 = (text: string) => Buffer.from(text).toString("base64url")

const statement = Redacted.make(
  [
    base64('{"alg":"RS256"}'),
    base64('{"iss":"auth.adobe.com","sub":"an-application","iat":1700000000,"scopes":"api:client:v2"}'),
    base64("signature")
  ].join(".")
)

const options = { environment: "release-production", softwareStatement: statement } as const

const application = await Effect.runPromise(RegisteredApplication.make(options))

const info = {
  model: "AFTM",
  version: "montoya",
  osName: "Android",
  osVersion: "5.1.1",
  connectionType: "WiFi"
} as const

export const deviceAt = (n: number): Device.Device =>
  Either.getOrThrow(Device.make({ id: `device-${n}`, ip: "203.0.113.7", info }))

/** The key of device number `n`. */
export const keyAt = (n: number): Effect.Effect<SessionKey.SessionKey> =>
  SessionKey.make(application, deviceAt(n))

/** The lengths of Adobe's identifiers and secrets, and of a token, which is a JWT. */
export const lengths = { clientId: 36, clientSecret: 36, token: 900 } as const

/** The characters of the secrets of a session. */
export const secretCharacters = lengths.clientId + lengths.clientSecret + lengths.token

/** What the store writes for a session; with tokens that are valid for six hours from now. */
export const recordOf = (key: SessionKey.SessionKey): string => {
  const now = Date.now()
  return JSON.stringify({
    version: 1,
    credentials: {
      clientId: key.slice(0, lengths.clientId),
      clientSecret: key.slice(-lengths.clientSecret),
      issuedAt: now,
      redirectUris: ["app://callback"],
      grantTypes: ["client_credentials"],
      scopes: ["api:client:v2"],
      environment: application.environment.name,
      statement: application.softwareStatement.fingerprint,
      session: key
    },
    token: {
      value: key.repeat(15).slice(0, lengths.token),
      issuedAt: now,
      expiresAt: now + 6 * 3_600_000,
      scopes: ["api:client:v2"]
    }
  })
}

/** A store that makes each record up when it is asked for it, and keeps none. */
export const madeUp: Layer.Layer<CredentialStore.CredentialStore> = Layer.sync(
  CredentialStore.CredentialStore,
  () =>
    CredentialStore.makeEncoded({
      read: (key) => Effect.sync(() => Option.some(recordOf(key))),
      readMany: (keys) => Effect.sync(() => new Map(keys.map((key) => [key, recordOf(key)] as const))),
      compareAndSet: () => Effect.succeed(true),
      remove: () => Effect.void,
      lock: () => Effect.succeed({ owner: "the only one", takenOver: false })
    })
)

/** The library on a store, over a transport that never answers: nothing here may call Adobe Pass. */
export const library = <E>(store: Layer.Layer<CredentialStore.CredentialStore, E>, capacity: number) =>
  AdobePass.layer({ ...options, sessions: { capacity } }).pipe(
    Layer.provide(store),
    Layer.provide(
      Layer.succeed(
        HttpClient.HttpClient,
        HttpClient.make(() => Effect.never)
      )
    )
  )

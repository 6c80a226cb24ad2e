/** A made-up fleet: devices, their records as the store writes them, and a library that nobody can call. */
import { createHash } from "node:crypto"
import { HttpClient } from "@effect/platform"
import { Clock, Effect, Either, Layer, Option, Redacted } from "effect"
import {
  AccessToken,
  AdobePass,
  ClientCredentials,
  CredentialStore,
  Device,
  RegisteredApplication,
  SessionKey
} from "effect-adobe-pass"
import { softwareStatement } from "./target.js"

const options = {
  environment: "release-production",
  softwareStatement: Redacted.make(softwareStatement)
} as const

const application = await Effect.runPromise(RegisteredApplication.make(options))

const info = {
  model: "AFTM",
  version: "montoya",
  osName: "Android",
  osVersion: "5.1.1",
  connectionType: "WiFi"
} as const

const idAt = (n: number) => `device-${n}`

export const deviceAt = (n: number): Device.Device =>
  Either.getOrThrow(Device.make({ id: idAt(n), ip: "203.0.113.7", info }))

/** The key of device number `n`, without a job of WebCrypto for each: a million are needed to fill a store. */
export const keyAt = (n: number): SessionKey.SessionKey => {
  const { environment, softwareStatement } = application
  const text = JSON.stringify([environment.name, environment.sp, softwareStatement.fingerprint, idAt(n)])
  return SessionKey.SessionKey.make(createHash("sha256").update(text).digest("hex"))
}

if ((await Effect.runPromise(SessionKey.make(application, deviceAt(0)))) !== keyAt(0)) {
  throw new Error("the library makes its keys in another way by now")
}

/** The lengths of Adobe's identifiers and secrets, and of a token, which is a JWT. */
export const lengths = { clientId: 36, clientSecret: 36, token: 900 } as const

/** The characters of the secrets of a session. */
export const secretCharacters = lengths.clientId + lengths.clientSecret + lengths.token

/** Stands in the template for the text that differs from session to session. */
export const marks = {
  session: "0".repeat(64),
  clientId: "i".repeat(lengths.clientId),
  clientSecret: "s".repeat(lengths.clientSecret)
} as const

const copies = Math.floor(lengths.token / marks.session.length)

/**
 * What the store itself writes for a session, caught on its way to a backend: so it is the format of today. The token is
 * valid for six hours from now.
 */
export const template: string = await Effect.gen(function* () {
  const now = yield* Clock.currentTimeMillis
  let record = Option.none<string>()
  const store = yield* CredentialStore.make({
    read: () => Effect.sync(() => record),
    compareAndSet: (_key, _expected, next) =>
      Effect.sync(() => {
        record = Option.some(next)
        return true
      }),
    remove: () => Effect.void,
    lock: () => Effect.never
  })
  const session = SessionKey.SessionKey.make(marks.session)
  const credentials = new ClientCredentials.ClientCredentials({
    clientId: Redacted.make(marks.clientId),
    clientSecret: Redacted.make(marks.clientSecret),
    issuedAt: now,
    redirectUris: ["app://callback"],
    grantTypes: ["client_credentials"],
    scopes: ["api:client:v2"],
    environment: application.environment.name,
    statement: application.softwareStatement.fingerprint,
    session
  })
  const token = new AccessToken.AccessToken({
    value: Redacted.make(marks.session.repeat(copies).padEnd(lengths.token, "t")),
    issuedAt: now,
    expiresAt: now + 6 * 3_600_000,
    scopes: ["api:client:v2"]
  })
  yield* store.saveCredentials(session, credentials)
  yield* store.saveToken(session, credentials, token)
  return yield* record
}).pipe(Effect.runPromise)

/** The record of a session. Identifier, secret and token are made of its key, so no two sessions have a text in common. */
const recordOf = (key: SessionKey.SessionKey): string =>
  template
    .replaceAll(marks.session, key)
    .replace(marks.clientId, key.slice(0, lengths.clientId))
    .replace(marks.clientSecret, key.slice(-lengths.clientSecret))

/** A store that makes each record up when it is asked for it, and keeps none. */
export const madeUp: Layer.Layer<CredentialStore.CredentialStore> = Layer.orDie(
  Layer.effect(
    CredentialStore.CredentialStore,
    CredentialStore.make({
      read: (key) => Effect.sync(() => Option.some(recordOf(key))),
      readMany: (keys) => Effect.sync(() => new Map(keys.map((key) => [key, recordOf(key)] as const))),
      compareAndSet: () => Effect.succeed(true),
      remove: () => Effect.void,
      lock: () => Effect.never
    })
  )
)

/** The library on a store, over a transport that never answers: nothing here may call Adobe Pass. */
export const library = <E, R>(store: Layer.Layer<CredentialStore.CredentialStore, E, R>, capacity: number) =>
  AdobePass.layer({ ...options, sessions: { capacity } }).pipe(
    Layer.provide(store),
    Layer.provide(
      Layer.succeed(
        HttpClient.HttpClient,
        HttpClient.make(() => Effect.never)
      )
    )
  )

/** A try of a store: whether it locks, writes and reads, and what is in it. */
import { randomBytes } from "node:crypto"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import { ClientCredentials } from "effect-adobe-pass/ClientCredentials"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import * as SessionKey from "effect-adobe-pass/SessionKey"
import { ExitCode } from "../ExitCode.js"
import type { Finding } from "./check.js"
import { error, ok } from "./findings.js"

/** More records than this are not read. */
const most = 1000

/** Credentials of no device, for a record under a key that no device has. */
const throwaway = () =>
  new ClientCredentials({
    clientId: Redacted.make("doctor"),
    clientSecret: Redacted.make(randomBytes(16).toString("hex")),
    issuedAt: 0,
    redirectUris: [],
    grantTypes: [],
    scopes: [],
    environment: "doctor",
    statement: "doctor",
    session: SessionKey.SessionKey.make(randomBytes(32).toString("hex"))
  })

/** Locks, writes, reads and removes a record of its own, as the store does with a session. */
const exercise = (store: CredentialStore): Effect.Effect<void, CredentialStoreError> =>
  Effect.suspend(() => {
    const credentials = throwaway()
    const key = credentials.session
    const written = Effect.gen(function* () {
      const { lease } = yield* store.lock(key)
      yield* store.saveCredentials(key, credentials, { lease })
      if (Option.isNone(yield* store.load(key))) {
        return yield* new CredentialStoreError({ operation: "load", reason: "Unavailable", code: "LOST" })
      }
    })
    return Effect.scoped(written).pipe(
      Effect.onError(() => Effect.ignore(store.remove(key))),
      Effect.zipRight(store.remove(key))
    )
  })

/** What is in a store. */
interface Content {
  readonly total: string
  readonly damaged: ReadonlyArray<{ readonly key: string; readonly problem: CredentialStoreError }>
  /** How many records are not encrypted. */
  readonly inClear: number
}

const contentOf = (store: CredentialStore): Effect.Effect<Content, CredentialStoreError> =>
  Effect.gen(function* () {
    const found = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(store.keys, most + 1)))
    const read = yield* Effect.forEach(
      found.slice(0, most),
      (key) => Effect.map(Effect.either(store.load(key)), (result) => ({ key, result })),
      { concurrency: 16 }
    )
    const count = `${read.length}${found.length > most ? " or more" : ""}`
    return {
      total: `${count} ${count === "1" ? "session" : "sessions"}`,
      damaged: read.flatMap(({ key, result }) =>
        Either.isLeft(result) ? [{ key, problem: result.left }] : []
      ),
      inClear: read.filter(
        ({ result }) =>
          Either.isRight(result) &&
          Option.exists(result.right, ({ encryptedWith }) => encryptedWith === undefined)
      ).length
    }
  })

const unreadable = ({ damaged: [first, ...others], total }: Content): ReadonlyArray<Finding> =>
  first === undefined
    ? []
    : [
        error(
          ExitCode.store,
          `${others.length + 1} of ${total} cannot be read; the first is ${first.key}.`,
          first.problem.message
        )
      ]

/** What a try of a store comes to. */
export interface Trial {
  readonly findings: ReadonlyArray<Finding>
  readonly inClear: number
}

/** Tries a store out, and reads what is in it. */
export const tried = (what: string, store: CredentialStore): Effect.Effect<Trial, CredentialStoreError> =>
  Effect.gen(function* () {
    yield* exercise(store)
    const content = yield* contentOf(store)
    return {
      findings: [ok(`${what}: locks, writes, reads; ${content.total}.`), ...unreadable(content)],
      inClear: content.inClear
    }
  })

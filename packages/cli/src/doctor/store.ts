/** Whether the credential store can be opened, locked, written and read, and who else may. */
import { randomBytes } from "node:crypto"
import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import { ClientCredentials } from "effect-adobe-pass/ClientCredentials"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as SessionKey from "effect-adobe-pass/SessionKey"
import { ExitCode } from "../ExitCode.js"
import * as Settings from "../Settings.js"
import * as Store from "../Store.js"
import { type Check, type Finding, need, type Outcome } from "./check.js"
import * as FileSystems from "./fileSystems.js"
import { error, failure, note, ok, warning } from "./findings.js"
import * as Permissions from "./permissions.js"

type Sessions = CredentialStore.CredentialStore

/** More records than this are not read. */
const most = 1000

/** Credentials of no device, for a record under a key that no device has. */
const throwaway = () => {
  const session = SessionKey.SessionKey.make(randomBytes(32).toString("hex"))
  return new ClientCredentials({
    clientId: Redacted.make("doctor"),
    clientSecret: Redacted.make(randomBytes(16).toString("hex")),
    issuedAt: 0,
    redirectUris: [],
    grantTypes: [],
    scopes: [],
    environment: "doctor",
    statement: "doctor",
    session
  })
}

/** Locks, writes, reads and removes a record of its own, as the store does with a session. */
const exercise = (store: Sessions): Effect.Effect<void, CredentialStoreError> =>
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

const counted = (count: number, isMore: boolean): string =>
  `${count}${isMore ? " or more" : ""} ${count === 1 ? "session" : "sessions"}`

/** How many sessions there are, and which of them cannot be read. */
const sessions = (
  store: Sessions
): Effect.Effect<
  { readonly total: string; readonly findings: ReadonlyArray<Finding> },
  CredentialStoreError
> =>
  Effect.gen(function* () {
    const found = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(store.keys, most + 1)))
    const keys = found.slice(0, most)
    const read = yield* Effect.forEach(keys, (key) => Effect.either(store.load(key)), { concurrency: 16 })
    const damaged = keys.flatMap((key, index) => {
      const result = read[index]
      return result !== undefined && Either.isLeft(result) ? [{ key, error: result.left }] : []
    })
    const [first] = damaged
    return {
      total: counted(keys.length, found.length > most),
      findings:
        first === undefined
          ? []
          : [
              error(
                ExitCode.store,
                `${damaged.length} of ${counted(keys.length, found.length > most)} cannot be read; the first is ${first.key}.`,
                first.error.message
              )
            ]
    }
  })

/** Opens the store and tries it out. */
const tried = (settings: Settings.Settings, what: string) =>
  Effect.gen(function* () {
    const store = Context.get(yield* Layer.build(Store.layer(settings)), CredentialStore.CredentialStore)
    yield* exercise(store)
    const { findings, total } = yield* sessions(store)
    return [ok(`${what}: locks, writes, reads; ${total}.`), ...findings]
  })

const encryption = (settings: Settings.Settings) =>
  Effect.gen(function* () {
    const file = Settings.get(settings, "storeKeysFile")
    if (file === undefined)
      return [note("Records are not encrypted; whoever reads the store has the credentials.")]
    return yield* Permissions.ofSecret("the keys of the store", file)
  })

/** The directory is made by whoever registers first; the doctor makes none. */
const absent = (directory: string): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const above = yield* FileSystems.existing(path.dirname(directory))
    const writable = yield* Effect.option(
      Effect.tryPromise(() => fs.access(above, constants.W_OK | constants.X_OK))
    )
    if (Option.isNone(writable)) {
      return {
        findings: [
          error(
            ExitCode.store,
            `The store directory ${directory} does not exist, and cannot be made in ${above}.`,
            "Name another one with --store-directory, or let this user write there."
          )
        ]
      }
    }
    const place = yield* FileSystems.check(above)
    return {
      findings: [
        note(`The store directory ${directory} does not exist yet; the first registration makes it.`),
        ...place
      ],
      learned: { store: "absent" }
    }
  })

const usable = { learned: { store: "usable" } } as const

const closedNow = (directory: string): Finding =>
  warning(
    `${directory} was open to other users of this machine; now it is not.`,
    "Find out who opened it, and whether others have read the credentials in it."
  )

/** Looks at the directory before the store opens it, because the store closes one that is open to others. */
const inDirectory = (settings: Settings.Settings, directory: string, register: boolean) =>
  Effect.gen(function* () {
    const exists = Option.isSome(yield* Effect.option(Effect.tryPromise(() => fs.stat(directory))))
    if (!exists && !register) return yield* absent(directory)
    const wasOpen = exists && !(yield* Permissions.of(directory)).isPrivate
    const opened = yield* Effect.either(tried(settings, `files in ${directory}`))
    return {
      findings: [
        ...Either.getOrElse(opened, (problem) => [failure(problem)]),
        ...(wasOpen && Either.isRight(opened) ? [closedNow(directory)] : []),
        ...(yield* FileSystems.check(directory)),
        ...(yield* encryption(settings))
      ],
      ...(Either.isRight(opened) ? usable : {})
    } satisfies Outcome
  })

const inDatabase = (settings: Settings.Settings, kind: string) =>
  Effect.gen(function* () {
    const file = Settings.get(settings, "storeUrlFile")
    return {
      findings: [
        ...(yield* tried(settings, kind)),
        ...(file === undefined ? [] : yield* Permissions.ofSecret("the address of the store", file)),
        ...(yield* encryption(settings))
      ],
      ...usable
    } satisfies Outcome
  })

export const store: Check = {
  name: "store",
  run: (facts, { register }) =>
    Effect.gen(function* () {
      const settings = yield* need(facts, "settings")
      const kind = Settings.get(settings, "store") ?? "file"
      if (kind !== "file") return yield* inDatabase(settings, kind)
      const directory = path.resolve(Settings.get(settings, "storeDirectory") ?? "")
      return yield* inDirectory(settings, directory, register)
    })
}

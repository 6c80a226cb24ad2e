/**
 * The chosen credential store: files, PostgreSQL or Redis.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import * as Encryption from "effect-adobe-pass/Encryption"
import * as FileStore from "effect-adobe-pass-node/FileStore"
import { type CommandError, type CommandFailed, misconfigured } from "./ExitCode.js"
import * as Settings from "./Settings.js"
import { textOfFile } from "./StandardInput.js"
import * as Variable from "./Variable.js"

/**
 * Keys as a file holds them: an id and 32 bytes in base64 on each line, the key that seals new records first.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keysOf = (
  file: string
): Effect.Effect<Encryption.Encryption, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const lines = (yield* textOfFile(file)).split(/\r?\n/).filter((line) => /^\s*[^#\s]/.test(line))
    const [first, ...others] = lines.map((line) => {
      const [id = "", secret = ""] = line.trim().split(/\s+/)
      return { id, secret: Redacted.make(secret) }
    })
    if (first === undefined) {
      return yield* misconfigured(
        `${file} has no key: write an id and the output of "openssl rand -base64 32" on one line.`
      )
    }
    return yield* Effect.mapError(Encryption.make([first, ...others]), ({ field, problem }) =>
      misconfigured(`${file}: ${field.replace("encryption.", "")} ${problem}.`)
    )
  })

/** The address of a database: a secret, because it may hold a password. */
const url = (
  settings: Settings.Settings
): Effect.Effect<Redacted.Redacted<string>, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const given = Settings.get(settings, "storeUrl")
    if (given !== undefined) return Redacted.make(given.trim())
    const file = Settings.get(settings, "storeUrlFile")
    if (file !== undefined) return Redacted.make((yield* textOfFile(file)).trim())
    return yield* misconfigured(
      `Set ${Variable.of("storeUrl")}, or ${Variable.of("storeUrlFile")} to a file that holds it.`
    )
  })

/** Refuses what is no address, which the driver would only tell as a server that cannot be reached. */
const checkPostgres = (address: Redacted.Redacted<string>): Effect.Effect<void, CommandFailed> => {
  const text = Redacted.value(address)
  return /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text) && !/%(?![0-9a-f]{2})/i.test(text)
    ? Effect.void
    : misconfigured(
        "The address of the store must be a URL like postgres://user:password@host:5432/database, with %25 for a % in it."
      )
}

/** Which kinds of stores there are, for messages. */
const kinds = "file, postgres or redis"

/**
 * Neither a setting nor a home tells where the store is.
 *
 * @since 0.1.0
 * @category errors
 */
export const noDirectory: CommandFailed = misconfigured(
  "There is no home directory to keep the store in: name a directory with --store-directory."
)

/** Options of a store are named by their variables. */
const named = (settings: Settings.Settings, error: CommandError): CommandError => {
  if (error._tag !== "InvalidInput") return error
  switch (error.field) {
    case "directory":
      return misconfigured(
        `The store directory ${Settings.get(settings, "storeDirectory") ?? ""} (${Variable.of("storeDirectory")}) ${error.problem}.`
      )
    case "redis.url": {
      const option = Settings.get(settings, "storeUrl") === undefined ? "storeUrlFile" : "storeUrl"
      return misconfigured(`The address of the store (${Variable.of(option)}) ${error.problem}.`)
    }
    default:
      return error
  }
}

/**
 * The store of the settings. The drivers of databases are loaded when one is asked for.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  settings: Settings.Settings
): Layer.Layer<CredentialStore, CommandError, FileSystem.FileSystem> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const keysFile = Settings.get(settings, "storeKeysFile")
      const encryption = keysFile === undefined ? undefined : yield* keysOf(keysFile)
      const kind = Settings.get(settings, "store") ?? "file"
      switch (kind) {
        case "file": {
          const directory = Settings.get(settings, "storeDirectory")
          if (directory === undefined) return yield* noDirectory
          return FileStore.layer({ directory, encryption })
        }
        case "postgres": {
          const stores = yield* Effect.promise(() => import("./stores/postgres.js"))
          return stores.layer(yield* Effect.tap(url(settings), checkPostgres), encryption)
        }
        case "redis": {
          const stores = yield* Effect.promise(() => import("./stores/redis.js"))
          return stores.layer(yield* url(settings), encryption)
        }
        default:
          return yield* misconfigured(`${Variable.of("store")} must be ${kinds}.`)
      }
    })
  ).pipe(Layer.mapError((error) => Settings.explain(settings, named(settings, error))))

/**
 * Encryption at rest: what a credential store writes cannot be read without a key that only the service has.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { InvalidInput } from "./AdobePassError.js"
import * as Options from "./Options.js"
import type { SessionKey } from "./SessionKey.js"
import type * as Setting from "./Setting.js"

/**
 * A key for AES-256-GCM. The `id` is stored beside each record, in clear; it names the key when keys are rotated.
 *
 * @since 0.1.0
 * @category models
 */
export interface Key {
  /** One to 32 letters, digits, `-` or `_`. */
  readonly id: string
  /** 32 random bytes in base64, as `openssl rand -base64 32` prints them. */
  readonly secret: Redacted.Redacted<string>
}

/**
 * Why a record cannot be opened: its key is not among the keys, or it is not what was sealed.
 *
 * @since 0.1.0
 * @category models
 */
export type Unopened = "UnknownKey" | "Damaged"

/**
 * Seals and opens the records of a store. A sealed record belongs to its session: under another session it cannot be
 * opened. Nothing tells an older record of the same session from the current one: whoever can write to the store can put
 * back what it held before.
 *
 * @since 0.1.0
 * @category models
 */
export interface Encryption {
  /** The text, sealed with the first key and a fresh nonce. */
  readonly seal: (session: SessionKey, text: string) => Effect.Effect<string>
  /** The text of a sealed record. */
  readonly open: (session: SessionKey, sealed: string) => Effect.Effect<string, Unopened>
  /** Whether records in clear are read. */
  readonly plaintext: "accept" | "refuse"
}

/**
 * What a store with encryption does about records that are not encrypted.
 *
 * @since 0.1.0
 * @category models
 */
export interface EncryptionOptions extends Setting.Input<typeof Options.encryption> {}

const prefix = "aes-256-gcm:"
const nonceLength = 12
const keyId = /^[A-Za-z0-9_-]{1,32}$/

/**
 * The id of the key that sealed a record; undefined when the record is not sealed.
 *
 * @since 0.1.0
 * @category guards
 */
export const keyOf = (record: string): string | undefined =>
  record.startsWith(prefix) ? record.slice(prefix.length, record.indexOf(":", prefix.length)) : undefined

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

const importKey = (key: Key, position: number) =>
  Effect.gen(function* () {
    const refuse = (problem: string) => new InvalidInput({ field: `encryption.keys[${position}]`, problem })
    if (!keyId.test(key.id)) return yield* refuse("needs an id of 1 to 32 letters, digits, - or _")
    const bytes = Either.getOrUndefined(Encoding.decodeBase64(Redacted.value(key.secret).trim()))
    if (bytes?.length !== 32) return yield* refuse("needs a secret of 32 bytes in base64")
    const imported = yield* Effect.promise(() =>
      crypto.subtle.importKey("raw", Uint8Array.from(bytes), "AES-GCM", false, ["encrypt", "decrypt"])
    )
    return [key.id, imported] as const
  })

/**
 * Encryption with the first of the keys; the others open what was sealed earlier. So a key is rotated by putting a new
 * one in front: each record is sealed anew when it is saved, which happens with every token of a device in use.
 *
 * Records in clear are read as well, unless `plaintext` is `"refuse"`. So a store that held records in clear is moved
 * to encryption: accept them until `adobe_pass_plaintext_records_total` stays the same, then refuse them.
 *
 * Fails with `InvalidInput` when a key cannot be used, an id stands twice, or an option cannot be used.
 *
 * @example
 * ```ts
 * import { Config, Effect } from "effect"
 * import { Encryption } from "effect-adobe-pass"
 *
 * const encryption = Effect.flatMap(Config.redacted("STORE_KEY"), (secret) =>
 *   Encryption.make([{ id: "2026-11", secret }])
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  keys: Arr.NonEmptyReadonlyArray<Key>,
  options: EncryptionOptions = {}
): Effect.Effect<Encryption, InvalidInput> =>
  Effect.gen(function* () {
    const { plaintext } = yield* Options.encryption.checkNames(options, "encryption")
    const imported = yield* Effect.forEach(keys, importKey)
    const byId = new Map(imported)
    if (byId.size !== imported.length) {
      return yield* new InvalidInput({ field: "encryption.keys", problem: "have the same id twice" })
    }
    const [currentId, current] = imported[0]
    const parameters = (session: SessionKey, id: string, nonce: Uint8Array<ArrayBuffer>) => ({
      name: "AES-GCM",
      iv: nonce,
      additionalData: encoder.encode(`${session}:${id}`)
    })
    return {
      plaintext,
      seal: (session, text) =>
        Effect.promise(async () => {
          const nonce = crypto.getRandomValues(new Uint8Array(nonceLength))
          const data = await crypto.subtle.encrypt(
            parameters(session, currentId, nonce),
            current,
            encoder.encode(text)
          )
          const bytes = new Uint8Array(nonceLength + data.byteLength)
          bytes.set(nonce)
          bytes.set(new Uint8Array(data), nonceLength)
          return `${prefix}${currentId}:${Encoding.encodeBase64(bytes)}`
        }),
      open: (session, sealed) =>
        Effect.gen(function* () {
          const id = keyOf(sealed) ?? ""
          const key = byId.get(id)
          if (key === undefined) return yield* Effect.fail("UnknownKey" as const)
          const bytes = Either.getOrUndefined(
            Encoding.decodeBase64(sealed.slice(prefix.length + id.length + 1))
          )
          if (bytes === undefined) return yield* Effect.fail("Damaged" as const)
          const own = Uint8Array.from(bytes)
          return yield* Effect.tryPromise({
            try: async () =>
              decoder.decode(
                await crypto.subtle.decrypt(
                  parameters(session, id, own.subarray(0, nonceLength)),
                  key,
                  own.subarray(nonceLength)
                )
              ),
            catch: (): Unopened => "Damaged"
          })
        })
    }
  })

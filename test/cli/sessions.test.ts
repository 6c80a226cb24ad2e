import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Layer, Option, Redacted, Stream } from "effect"
import { AdobePassError, ClientCredentials, CredentialStore, Encryption, SessionKey } from "effect-adobe-pass"
import * as Output from "effect-adobe-pass-cli/Output"
import * as ExportFile from "effect-adobe-pass-cli/sessions/exportFile"
import * as Find from "effect-adobe-pass-cli/sessions/find"
import { limit, lines } from "effect-adobe-pass-cli/sessions/lines"
import { list } from "effect-adobe-pass-cli/sessions/list"
import { Problems } from "effect-adobe-pass-cli/sessions/problems"
import { seeded } from "../support/seeded.js"

const key = (n: number): SessionKey.SessionKey =>
  SessionKey.SessionKey.make(n.toString(16).padStart(8, "0").padEnd(64, "0"))

const stored = (session: SessionKey.SessionKey, environment = "release-production") => ({
  credentials: new ClientCredentials.ClientCredentials({
    clientId: "the-client-id",
    clientSecret: "the-client-secret",
    issuedAt: 0,
    redirectUris: [],
    grantTypes: [],
    scopes: [],
    environment,
    statement: "f".repeat(32),
    session
  }),
  token: undefined,
  encryptedWith: undefined,
  record: Redacted.make("")
})

/** Writes into a list. */
const collected = (written: Array<string>): Output.Output => {
  const channel: Output.Channel = {
    isTerminal: false,
    columns: Effect.succeed(80),
    style: (_, text) => text,
    write: (data) => Effect.sync(() => void written.push(String(data))),
    line: (text) => channel.write(`${text}\n`)
  }
  return { stdout: channel, stderr: channel }
}

const emptyStore = Effect.provide(CredentialStore.CredentialStore, CredentialStore.layerMemory)

describe("the list of sessions", () => {
  it.effect("of many records is written page by page, before the next page is read", () =>
    Effect.gen(function* () {
      const written: Array<string> = []
      let ahead = 0
      let pages = 0
      const store: CredentialStore.CredentialStore = {
        ...(yield* emptyStore),
        keys: Stream.map(Stream.range(1, 10_000), key),
        loadMany: (keys) =>
          Effect.sync(() => {
            ahead = Math.max(ahead, pages - written.length)
            pages += 1
            return new Map(keys.map((session) => [session, stored(session)]))
          })
      }
      yield* list({ environment: undefined, json: false }).pipe(
        Effect.provideService(CredentialStore.CredentialStore, store),
        Effect.provideService(Output.Output, collected(written))
      )
      assert.strictEqual(written.join("").split("\n").length, 10_002)
      assert.isAtLeast(pages, 20)
      assert.isAtMost(ahead, 1)
    })
  )

  it.effect("shows what cannot be read with the reason, and fails for the store at its end", () =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const store: CredentialStore.CredentialStore = {
        ...(yield* emptyStore),
        keys: Stream.make(key(1), key(2)),
        loadMany: () => Effect.succeed(new Map([[key(1), stored(key(1))]])),
        load: () => new AdobePassError.CredentialStoreError({ operation: "load", reason: "Encrypted" })
      }
      const failure = yield* list({ environment: "nowhere", json: false }).pipe(
        Effect.provideService(CredentialStore.CredentialStore, store),
        Effect.provideService(Output.Output, collected(written)),
        Effect.flip
      )
      assert.deepInclude(failure, { exitCode: 7 })
      assert.include(written.join(""), "000000020000  cannot be read (Encrypted)")
      assert.notInclude(written.join(""), "000000010000")
    })
  )

  it.effect("escapes what an environment would do to a terminal", () =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const store: CredentialStore.CredentialStore = {
        ...(yield* emptyStore),
        keys: Stream.make(key(1)),
        loadMany: () => Effect.succeed(new Map([[key(1), stored(key(1), "\u001b[31m\u202edne")]]))
      }
      for (const json of [true, false]) {
        yield* list({ environment: undefined, json }).pipe(
          Effect.provideService(CredentialStore.CredentialStore, store),
          Effect.provideService(Output.Output, collected(written))
        )
      }
      assert.notMatch(written.join(""), /[\u001b\u202e]/)
      assert.include(written.join(""), "\\u001b[31m\\u202edne")
    })
  )
})

describe("the start of a key", () => {
  const keys = [key(0x11112222), key(0x11113333), key(0x22224444)] as const
  const find = (...names: ReadonlyArray<string>) =>
    Effect.flatMap(emptyStore, (store) =>
      Effect.either(
        Effect.provideService(Find.byName(names), CredentialStore.CredentialStore, {
          ...store,
          keys: Stream.fromIterable(keys)
        })
      )
    )

  it.effect("names the only session that it fits, from one pass over the store", () =>
    Effect.gen(function* () {
      const found = yield* find("2222", "11113", "2222444")
      assert.deepStrictEqual(Option.getOrNull(Option.getRight(found)), [keys[2], keys[1]])
    })
  )

  it.effect("that fits several sessions or none is refused, and so is what is no key", () =>
    Effect.gen(function* () {
      const messages = yield* Effect.forEach(["1111", "9999", "11", "xyz!", "../../etc"], (name) =>
        Effect.map(find(name), (found) => (found._tag === "Left" ? found.left.message : "found"))
      )
      assert.match(messages[0] ?? "", /^More than one session starts with 1111: 1111222200000000, 1111333/)
      assert.match(messages[1] ?? "", /^No stored session starts with 9999/)
      for (const message of messages.slice(2)) assert.match(message, /is not the key of a session/)
    })
  )
})

describe("lines", () => {
  const collect = (chunks: ReadonlyArray<Uint8Array>) =>
    Effect.map(Stream.runCollect(lines(Stream.fromIterable(chunks))), Chunk.toReadonlyArray)

  it.effect("are the same however their bytes come, with characters cut in two", () => {
    const text = "\ufeffone\n\n  \nzwei ü€𝄞\r\nthree"
    const bytes = Buffer.from(text)
    const random = seeded(11)
    return Effect.gen(function* () {
      for (let round = 0; round < 50; round++) {
        const chunks: Array<Uint8Array> = []
        for (let at = 0; at < bytes.length; ) {
          const end = at + 1 + Math.floor(random() * 5)
          chunks.push(bytes.subarray(at, end))
          at = end
        }
        assert.deepStrictEqual(
          yield* collect(chunks),
          [
            { number: 1, text: "one" },
            { number: 4, text: "zwei ü€𝄞\r" },
            { number: 5, text: "three" }
          ],
          "seed 11"
        )
      }
    })
  })

  it.effect("that are too long lose their text and nothing else", () =>
    Effect.gen(function* () {
      const long = Buffer.alloc(limit + 1, "x")
      const found = yield* collect([long, Buffer.from("\nnext\n"), Buffer.alloc(limit, "y")])
      assert.deepStrictEqual(
        found.map(({ number, text }) => [number, text?.length]),
        [
          [1, undefined],
          [2, 4],
          [3, limit]
        ]
      )
    })
  )
})

describe("a session of an export", () => {
  const encryption = (id: string, fill: number) =>
    Encryption.make([{ id, secret: Redacted.make(Buffer.alloc(32, fill).toString("base64")) }])

  it.effect("is opened with its key under its own session, and under no other", () =>
    Effect.gen(function* () {
      const keys = yield* encryption("a", 1)
      const line = yield* ExportFile.entry(keys, key(1), stored(key(1)))
      assert.notInclude(line, "the-client")
      const { record, session } = JSON.parse(line)
      const opened = yield* ExportFile.open(keys, { record, session })
      assert.strictEqual(Redacted.value(opened.credentials.clientSecret), "the-client-secret")
      const refused = yield* Effect.forEach(
        [
          ExportFile.open(keys, { record, session: key(2) }),
          Effect.flatMap(encryption("b", 1), (other) => ExportFile.open(other, { record, session })),
          Effect.flatMap(encryption("a", 2), (other) => ExportFile.open(other, { record, session })),
          ExportFile.open(keys, { record: "{}", session })
        ],
        Effect.flip
      )
      assert.deepStrictEqual(
        refused.map((error) => ("reason" in error ? error.reason : error._tag)),
        ["Corrupt", "Encrypted", "Corrupt", "Corrupt"]
      )
    })
  )
})

describe("a problem", () => {
  it.effect("with many records is told for the first twenty, and counted for all", () =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const problems = yield* Problems.make
      for (let n = 1; n <= 100; n++) {
        yield* Effect.provide(
          problems.add(`line ${n}`, "is wrong."),
          Layer.succeed(Output.Output, collected(written))
        )
      }
      assert.strictEqual(yield* problems.count, 100)
      assert.strictEqual(written.length, 21)
    })
  )
})

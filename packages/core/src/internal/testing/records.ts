import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { CredentialStoreError } from "../../AdobePassError.js"
import type { SessionKey } from "../../SessionKey.js"
import { ensure, type LawOf, law, same } from "./law.js"
import { keyId, sampleCredentials, sampleKey } from "./samples.js"
import { clientId, make, type Store } from "./store.js"

const twenty = Array.from({ length: 20 }, (_, n) => n + 1)
const other = sampleKey("b")

export const records: ReadonlyArray<LawOf<Store>> = [
  law("finds nothing where nothing was saved", function* ({ holdsNothing }) {
    yield* holdsNothing
  }),
  law("gives back the credentials and the token that were saved", function* ({ holds, save, saveToken }) {
    yield* save(1)
    yield* holds(1)
    yield* saveToken(1, "t1")
    yield* holds(1, "t1")
    yield* saveToken(1, "t2")
    yield* holds(1, "t2")
  }),
  law("keeps the credentials that were saved first, and answers with them", function* ({ holds, save }) {
    yield* same([yield* save(1), yield* save(2)], ["client-1", "client-1"], "the answers")
    yield* holds(1)
  }),
  law("keeps one of many credentials that are saved at once", function* ({ load, save }) {
    const answers = yield* Effect.forEach(twenty, (n) => save(n), { concurrency: "unbounded" })
    const ids = [...new Set(answers)]
    yield* same(ids.length, 1, "the number of winners")
    yield* same(ids, Option.toArray(Option.map(yield* load, clientId)), "the winner")
  }),
  law("replaces the credentials that are named, and drops their token", function* (store) {
    yield* store.save(1)
    yield* store.saveToken(1, "t1")
    yield* store.save(2, { replaces: 1 })
    yield* store.holds(2)
  }),
  law("answers with the credentials that replaced the named ones elsewhere", function* ({ holds, save }) {
    yield* save(1)
    yield* save(2, { replaces: 1 })
    yield* same(yield* save(3, { replaces: 1 }), "client-2", "the answer")
    yield* holds(2)
  }),
  law("keeps one of many replacements that are saved at once", function* ({ save }) {
    yield* save(0)
    const replace = (n: number) => save(n, { replaces: 0 })
    const answers = yield* Effect.forEach(twenty, replace, { concurrency: "unbounded" })
    yield* same(new Set(answers).size, 1, "the number of winners")
  }),
  law("saves a token for the credentials it holds and for no others", function* (store) {
    yield* store.saveToken(1, "t1")
    yield* store.holdsNothing
    yield* store.save(2)
    yield* store.saveToken(1, "t1")
    yield* store.holds(2)
  }),
  law("removes a session, and succeeds when there is none", function* ({ holdsNothing, remove, save }) {
    yield* remove
    yield* save(1)
    yield* remove
    yield* remove
    yield* holdsNothing
    yield* same(yield* save(2), "client-2", "the answer after a removal")
  }),
  law("keeps sessions apart", function* (store) {
    yield* store.save(1)
    const neighbour = make(store.service, other)
    yield* neighbour.save(2)
    yield* store.remove
    yield* store.holdsNothing
    yield* neighbour.holds(2)
  }),
  law("loads many sessions at once, and leaves out those that do not exist", function* ({ service }) {
    const keys = [..."0123456789cdef"].map(sampleKey)
    for (const key of keys.slice(0, 10)) yield* make(service, key).save(1)
    const found = yield* service.loadMany(keys)
    yield* same([...found.keys()].sort(), keys.slice(0, 10), "the keys")
    for (const [key, stored] of found) {
      yield* make({ ...service, load: () => Effect.succeedSome(stored) }, key).holds(1)
    }
    yield* same((yield* service.loadMany([])).size, 0, "the sessions among none")
  }),
  law("saves over what the caller has read, without reading again", function* ({ holds, key, load, save }) {
    yield* save(1)
    // The store holds 1. Only a store that believes the caller, who claims to have read 2, replaces it.
    const read = Option.map(yield* load, (stored) => ({ ...stored, credentials: sampleCredentials(key, 2) }))
    yield* same(yield* save(3, { replaces: 2, read }), "client-3", "the answer")
    yield* holds(3)
  }),
  law("keeps what somebody else saved after the caller has read", function* ({ holds, load, save }) {
    yield* save(1)
    yield* same(yield* save(2, { read: Option.none() }), "client-1", "the answer to a first save")
    const read = yield* load
    yield* save(3, { replaces: 1 })
    yield* same(yield* save(4, { replaces: 1, read }), "client-3", "the answer to a replacement")
    yield* holds(3)
  }),
  law("saves a token over an outdated read, but not for other credentials", function* (store) {
    yield* store.save(1)
    const read = Option.getOrUndefined(yield* store.load)
    yield* store.saveToken(1, "t1")
    yield* store.saveToken(1, "t2", read)
    yield* store.holds(1, "t2")
    yield* store.save(2, { replaces: 1 })
    yield* store.saveToken(1, "t3", read)
    yield* store.holds(2)
    yield* store.remove
    yield* store.saveToken(1, "t3", read)
    yield* store.holdsNothing
  })
]

export const listing = law<Store>(
  "lists its sessions, and neither locks nor what was removed",
  function* ({ key, save, service }) {
    const keys = Effect.map(Stream.runCollect(service.keys), (found) => [...found].sort())
    yield* same(yield* keys, [], "the keys of an empty store")
    yield* make(service, sampleKey("c")).pass
    yield* make(service, other).save(1)
    yield* save(1)
    yield* same(yield* keys, [key, other], "the keys")
    yield* service.remove(other)
    yield* same(yield* keys, [key], "the keys after a removal")
  }
)

/** A store, and the hooks of its storage. */
export interface Hooked {
  readonly store: Store
  readonly damage?: ((key: SessionKey) => Effect.Effect<void>) | undefined
  readonly record?: ((key: SessionKey) => Effect.Effect<Option.Option<string>>) | undefined
}

const reason = Effect.match({
  onSuccess: () => "none",
  onFailure: (error: CredentialStoreError) => error.reason
})

export const damaged = law<Hooked>(
  "refuses a damaged record instead of finding nothing, until it is removed",
  function* ({ damage, store }) {
    yield* store.save(1)
    yield* damage === undefined
      ? ensure(false, "`damage` is missing: set `damages` to false")
      : damage(store.key)
    yield* same(yield* reason(store.load), "Corrupt", "the failure to load")
    yield* same(yield* reason(store.save(2)), "Corrupt", "the failure to save")
    yield* same((yield* store.service.loadMany([store.key])).size, 0, "the readable sessions")
    yield* store.remove
    yield* store.holdsNothing
  }
)

/** Holds only with encryption. */
export const sealed = law<Hooked>(
  "shows neither client id, secret nor token in its record",
  function* ({ record, store }) {
    yield* store.save(1)
    yield* store.saveToken(1, "token-1")
    const stored = Option.getOrUndefined(yield* store.load)
    yield* same(stored?.encryptedWith, keyId, "the key of the record")
    const read = stored && Redacted.value(stored.record)
    const raw = record === undefined ? read : Option.getOrUndefined(yield* record(store.key))
    yield* ensure(raw !== undefined, "`record` finds no record")
    const shown = ["client-1", "secret-1", "token-1"].filter((value) => `${read} ${raw}`.includes(value))
    yield* same(shown, [], "what the record shows")
  }
)

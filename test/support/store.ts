import { Effect, Either, Layer } from "effect"
import { CredentialStore, type SessionKey, type StoreBackend } from "effect-adobe-pass"
import { operationsOn } from "../../packages/core/src/internal/store/recordMap.js"

type Behaviour = "works" | "fails" | "hangs"

/** A lock that keeps nobody out: it is for one process. */
export const lockOver =
  (read: StoreBackend.StoreBackend["read"]): StoreBackend.StoreBackend["lock"] =>
  (key) =>
    Effect.map(read(key), (record) => ({ lease: { owner: "the only one", unfinished: false }, record }))

/** A backend on records that the test can see and spoil. */
export const onRecords = (
  records: Map<SessionKey.SessionKey, string>
): Required<Omit<StoreBackend.StoreBackend, "readMany">> => {
  const operations = operationsOn(records)
  return { ...operations, lock: lockOver(operations.read) }
}

/** A store on a backend, with options that can be used. */
export const storeOn = (
  backend: StoreBackend.StoreBackend,
  options?: CredentialStore.StoreOptions
): CredentialStore.CredentialStore => Either.getOrThrow(CredentialStore.make(backend, options))

/** A store in memory that outlives the layers built on it, and fails on demand. */
export const makeStore = () => {
  const records = new Map<SessionKey.SessionKey, string>()
  const behaviour: Record<"read" | "write", Behaviour> = { read: "works", write: "works" }
  const writes = { failed: 0, made: 0 }
  const reads = { made: 0 }
  const locks = { made: 0 }
  const backend = onRecords(records)

  const behave = <A, R>(
    operation: "read" | "write",
    work: Effect.Effect<A, StoreBackend.BackendFailure, R>
  ) =>
    Effect.suspend((): Effect.Effect<A, StoreBackend.BackendFailure, R> => {
      if (behaviour[operation] === "works") return work
      if (operation === "write") writes.failed += 1
      return behaviour[operation] === "hangs"
        ? Effect.never
        : Effect.fail({ reason: "Unavailable", code: "EIO" })
    })

  const service = storeOn({
    ...backend,
    read: (key) =>
      behave(
        "read",
        Effect.tap(backend.read(key), () => {
          reads.made += 1
        })
      ),
    lock: (...args) =>
      behave(
        "read",
        Effect.tap(backend.lock(...args), () => {
          locks.made += 1
        })
      ),
    compareAndSet: (...args) =>
      behave(
        "write",
        Effect.tap(backend.compareAndSet(...args), (set) => {
          if (set) writes.made += 1
        })
      )
  })
  return {
    records,
    behaviour,
    reads,
    locks,
    writes,
    layer: Layer.succeed(CredentialStore.CredentialStore, service)
  }
}

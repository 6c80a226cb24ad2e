import { Effect, Either, Layer } from "effect"
import { CredentialStore, type SessionKey, type StoreBackend } from "effect-adobe-pass"
import { operationsOn } from "../../packages/core/src/internal/store/recordMap.js"

type Behaviour = "works" | "fails" | "hangs"

/** A backend on records that the test can see and spoil. Its lock keeps nobody out: it is for one process. */
export const onRecords = (
  records: Map<SessionKey.SessionKey, string>
): Required<Omit<StoreBackend.StoreBackend, "begin" | "readMany">> => ({
  ...operationsOn(records),
  lock: () => Effect.succeed({ owner: "the only one", unfinished: false })
})

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
  const backend = onRecords(records)

  const behave = <A>(operation: "read" | "write", work: Effect.Effect<A, StoreBackend.BackendFailure>) =>
    Effect.suspend((): Effect.Effect<A, StoreBackend.BackendFailure> => {
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
    compareAndSet: (...args) =>
      behave(
        "write",
        Effect.tap(backend.compareAndSet(...args), (set) => {
          if (set) writes.made += 1
        })
      )
  })
  return { records, behaviour, reads, writes, layer: Layer.succeed(CredentialStore.CredentialStore, service) }
}

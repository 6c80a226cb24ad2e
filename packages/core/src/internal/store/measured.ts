import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import type { CredentialStoreError } from "../../AdobePassError.js"
import type { CredentialStore } from "../../CredentialStore.js"
import * as Metrics from "../../Metrics.js"
import type { Outcomes, RecordFault, StoreFailure } from "../health/healthRecord.js"

type Operation = Exclude<keyof CredentialStore, "keys">

const isOfRecord = (reason: CredentialStoreError["reason"]): reason is RecordFault =>
  reason === "Corrupt" ||
  reason === "Mismatch" ||
  reason === "Newer" ||
  reason === "Encrypted" ||
  reason === "Plaintext"

/** Measures an operation. One that is interrupted has neither succeeded nor failed. */
const measuring = (operation: Operation) => {
  const latency = Metric.tagged(Metrics.storeLatency, "operation", operation)
  const failures = Metric.tagged(Metrics.storeFailures, "operation", operation)
  return <A, R>(
    outcomes: Outcomes<StoreFailure>,
    work: Effect.Effect<A, CredentialStoreError, R>
  ): Effect.Effect<A, CredentialStoreError, R> =>
    Effect.withFiberRuntime<A, CredentialStoreError, R>((fiber) => {
      const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
      const labels = fiber.getFiberRef(FiberRef.currentMetricLabels)
      const startedAt = clock.unsafeCurrentTimeNanos()
      const ended = () => {
        latency.unsafeUpdate(Number(clock.unsafeCurrentTimeNanos() - startedAt) / 1_000_000, labels)
        return clock.unsafeCurrentTimeMillis()
      }
      return Effect.tapBoth(work, {
        onSuccess: () => {
          outcomes.succeeded(ended())
          return Effect.void
        },
        onFailure: ({ operation, reason }) => {
          const at = ended()
          if (isOfRecord(reason)) outcomes.succeeded(at)
          else outcomes.failed({ operation, reason }, at)
          failures.unsafeUpdate(1, labels)
          return Effect.void
        }
      })
    })
}

const load = measuring("load")
const loadMany = measuring("loadMany")
const saveCredentials = measuring("saveCredentials")
const saveToken = measuring("saveToken")
const remove = measuring("remove")
const lock = measuring("lock")

/**
 * A store that does the same, whoever made it, is measured, and notes how its operations went. Listing its sessions takes
 * as long as its reader.
 */
export const measured = (store: CredentialStore, outcomes: Outcomes<StoreFailure>): CredentialStore => ({
  load: (key) => load(outcomes, store.load(key)),
  loadMany: (keys) => loadMany(outcomes, store.loadMany(keys)),
  saveCredentials: (key, credentials, options) =>
    saveCredentials(outcomes, store.saveCredentials(key, credentials, options)),
  saveToken: (key, credentials, token, read) =>
    saveToken(outcomes, store.saveToken(key, credentials, token, read)),
  remove: (key) => remove(outcomes, store.remove(key)),
  lock: (key, expected) => lock(outcomes, store.lock(key, expected)),
  keys: store.keys
})

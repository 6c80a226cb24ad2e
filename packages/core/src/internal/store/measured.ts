import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import type { CredentialStoreError } from "../../AdobePassError.js"
import type { CredentialStore } from "../../CredentialStore.js"
import * as Metrics from "../../Metrics.js"

type Operation = Exclude<keyof CredentialStore, "keys">

/** Measures an operation. One that is interrupted has neither succeeded nor failed. */
const measuring = (operation: Operation) => {
  const latency = Metric.tagged(Metrics.storeLatency, "operation", operation)
  const failures = Metric.tagged(Metrics.storeFailures, "operation", operation)
  return <A, R>(work: Effect.Effect<A, CredentialStoreError, R>): Effect.Effect<A, CredentialStoreError, R> =>
    Effect.withFiberRuntime<A, CredentialStoreError, R>((fiber) => {
      const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
      const labels = fiber.getFiberRef(FiberRef.currentMetricLabels)
      const startedAt = clock.unsafeCurrentTimeNanos()
      const ended = () =>
        latency.unsafeUpdate(Number(clock.unsafeCurrentTimeNanos() - startedAt) / 1_000_000, labels)
      return Effect.tapBoth(work, {
        onSuccess: () => {
          ended()
          return Effect.void
        },
        onFailure: () => {
          ended()
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

/** A store that does the same, whoever made it, and is measured. Listing its sessions takes as long as its reader. */
export const measured = (store: CredentialStore): CredentialStore => ({
  load: (key) => load(store.load(key)),
  loadMany: (keys) => loadMany(store.loadMany(keys)),
  saveCredentials: (key, credentials, options) =>
    saveCredentials(store.saveCredentials(key, credentials, options)),
  saveToken: (key, credentials, token, read) => saveToken(store.saveToken(key, credentials, token, read)),
  remove: (key) => remove(store.remove(key)),
  lock: (key, expected) => lock(store.lock(key, expected)),
  keys: store.keys
})

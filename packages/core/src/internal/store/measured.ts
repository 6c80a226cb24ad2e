import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type { CredentialStoreError } from "../../AdobePassError.js"
import type { CredentialStore } from "../../CredentialStore.js"
import * as Metrics from "../../Metrics.js"
import type { Outcomes, RecordFault, StoreFailure, StoreOutcomes } from "../health/healthRecord.js"

/** Each operation, and its name in errors. */
const operations = {
  load: "load",
  loadMany: "load",
  saveCredentials: "save",
  saveToken: "save",
  remove: "remove",
  lock: "lock"
} as const satisfies {
  readonly [O in Exclude<keyof CredentialStore, "keys">]: CredentialStoreError["operation"]
}

type Operation = keyof typeof operations

const isOfRecord = (reason: CredentialStoreError["reason"]): reason is RecordFault =>
  reason === "Corrupt" ||
  reason === "Mismatch" ||
  reason === "Newer" ||
  reason === "Encrypted" ||
  reason === "Plaintext"

/** What an operation says about the store; undefined when it was interrupted. A store that dies is of no use either. */
const verdictOf = (
  operation: Operation,
  cause: Cause.Cause<CredentialStoreError>
): StoreFailure | "Answered" | undefined => {
  if (Cause.isInterruptedOnly(cause)) return undefined
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  if (failure === undefined) return { operation: operations[operation], reason: "Unavailable" }
  return isOfRecord(failure.reason) ? "Answered" : { operation: failure.operation, reason: failure.reason }
}

/** Measures an operation. One that is interrupted has neither succeeded nor failed. */
const measuring = (operation: Operation) => {
  const latency = Metric.tagged(Metrics.storeLatency, "operation", operation)
  const failures = Metric.tagged(Metrics.storeFailures, "operation", operation)
  return <A, R>(
    outcomes: Outcomes<StoreFailure>,
    work: () => Effect.Effect<A, CredentialStoreError, R>
  ): Effect.Effect<A, CredentialStoreError, R> =>
    Effect.withFiberRuntime<A, CredentialStoreError, R>((fiber) => {
      const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
      const labels = fiber.getFiberRef(FiberRef.currentMetricLabels)
      const startedAt = clock.unsafeCurrentTimeNanos()
      const ended = () => {
        latency.unsafeUpdate(Number(clock.unsafeCurrentTimeNanos() - startedAt) / 1_000_000, labels)
        return clock.unsafeCurrentTimeMillis()
      }
      return Effect.matchCauseEffect(Effect.suspend(work), {
        onSuccess: (value) => {
          outcomes.succeeded(ended())
          return Effect.succeed(value)
        },
        onFailure: (cause) => {
          const verdict = verdictOf(operation, cause)
          if (verdict === undefined) return Effect.failCause(cause)
          const at = ended()
          if (verdict === "Answered") outcomes.succeeded(at)
          else outcomes.failed(verdict, at)
          failures.unsafeUpdate(1, labels)
          return Effect.failCause(cause)
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
export const measured = (store: CredentialStore, { reads, writes }: StoreOutcomes): CredentialStore => ({
  load: (key) => load(reads, () => store.load(key)),
  loadMany: (keys) => loadMany(reads, () => store.loadMany(keys)),
  saveCredentials: (key, credentials, options) =>
    saveCredentials(writes, () => store.saveCredentials(key, credentials, options)),
  saveToken: (key, credentials, token, read) =>
    saveToken(writes, () => store.saveToken(key, credentials, token, read)),
  remove: (key) => remove(writes, () => store.remove(key)),
  lock: (key, expected) => lock(writes, () => store.lock(key, expected)),
  keys: store.keys
})

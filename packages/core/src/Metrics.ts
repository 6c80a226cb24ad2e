/**
 * The metrics of the library. None carries an identifier.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

/**
 * Answers of `/o/client/register` by outcome: `success` or the tag of the error.
 *
 * @since 0.1.0
 * @category metrics
 */
export const registrations = Metric.frequency("adobe_pass_registrations", {
  description: "Registrations by outcome"
})

/**
 * Token requests by reason: `cold` (none in memory or store), `expiring` (in the refresh window), `expired`,
 * `rejected` (a protected API refused the last one), `replaced` (new credentials, in the call that replaced them; a later
 * request is `cold`).
 *
 * @since 0.1.0
 * @category metrics
 */
export const tokenRequests = Metric.frequency("adobe_pass_token_requests", {
  description: "Token requests by reason"
})

/**
 * Reads of a token that found a usable one in memory: one for each attempt of a protected call, and one more after a wait
 * for a permit. Beside `tokenMisses` it shows how well tokens are reused.
 *
 * @since 0.1.0
 * @category metrics
 */
export const tokenHits = Metric.counter("adobe_pass_token_hits_total", {
  description: "Reads of a token that found a usable one in memory",
  incremental: true
})

/**
 * Reads of a token that had to wait for one, or failed.
 *
 * @since 0.1.0
 * @category metrics
 */
export const tokenMisses = Metric.counter("adobe_pass_token_misses_total", {
  description: "Reads of a token that had to wait for one, or failed",
  incremental: true
})

/**
 * Token requests that failed, by the tag of the error.
 *
 * @since 0.1.0
 * @category metrics
 */
export const tokenFailures = Metric.frequency("adobe_pass_token_failures", {
  description: "Failed token requests by error"
})

/**
 * Protected calls by status of the answer, or by the tag of the error.
 *
 * @since 0.1.0
 * @category metrics
 */
export const calls = Metric.frequency("adobe_pass_calls", {
  description: "Protected calls by status or error"
})

/**
 * Requests that waited for a permit.
 *
 * @since 0.1.0
 * @category metrics
 */
export const throttleWaits = Metric.counter("adobe_pass_throttle_waits_total", { incremental: true })

/**
 * Permits that a process gave by itself because the shared buckets could not be asked.
 *
 * @since 0.1.0
 * @category metrics
 */
export const throttleFallbacks = Metric.counter("adobe_pass_throttle_fallbacks_total", {
  incremental: true
})

/**
 * Answers of 429. Above zero, another client or another node uses the address, or Adobe's limit is lower.
 *
 * @since 0.1.0
 * @category metrics
 */
export const throttled = Metric.counter("adobe_pass_throttled_total", { incremental: true })

/**
 * Calls that were refused because the queue of their device IP was too long.
 *
 * @since 0.1.0
 * @category metrics
 */
export const overloaded = Metric.counter("adobe_pass_overloaded_total", { incremental: true })

/**
 * Requests that were repeated, by the tag of the error.
 *
 * @since 0.1.0
 * @category metrics
 */
export const retries = Metric.frequency("adobe_pass_retries", { description: "Repetitions by error" })

/**
 * Repetitions that were not made because the retry quota was used up.
 *
 * @since 0.1.0
 * @category metrics
 */
export const retriesRefused = Metric.counter("adobe_pass_retries_refused_total", { incremental: true })

/**
 * Warnings by name, see `Warnings`: each is given once for a process and registered application.
 *
 * @since 0.1.0
 * @category metrics
 */
export const warnings = Metric.frequency("adobe_pass_warnings", { description: "Warnings by name" })

/**
 * Sessions in memory.
 *
 * @since 0.1.0
 * @category metrics
 */
export const sessions = Metric.gauge("adobe_pass_sessions")

/**
 * Tokens that were used although the store could not keep them.
 *
 * @since 0.1.0
 * @category metrics
 */
export const unsavedTokens = Metric.counter("adobe_pass_unsaved_tokens_total", { incremental: true })

/**
 * How long operations of sessions on the credential store took, in milliseconds, failed ones included. The label
 * `operation` is the name in `CredentialStore`: `load`, `loadMany`, `saveCredentials`, `saveToken`, `remove`, or `lock`,
 * which waits for the holder before.
 *
 * @since 0.1.0
 * @category metrics
 */
export const storeLatency = Metric.histogram(
  "adobe_pass_store_latency_millis",
  MetricBoundaries.fromIterable([1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]),
  "Duration of operations of the credential store, in milliseconds"
)

/**
 * Operations of sessions on the credential store that failed, by the label `operation` of `storeLatency`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const storeFailures = Metric.counter("adobe_pass_store_failures_total", {
  description: "Failed operations of the credential store",
  incremental: true
})

/**
 * Records in clear that a store with encryption read. Once it stays the same, `plaintext: "refuse"` refuses them.
 *
 * @since 0.1.0
 * @category metrics
 */
export const plaintextRecords = Metric.counter("adobe_pass_plaintext_records_total", { incremental: true })

/**
 * How far the clock of Adobe Pass is ahead of the local one, in milliseconds, as the last token answer showed it.
 *
 * @since 0.1.0
 * @category metrics
 */
export const clockSkew = Metric.gauge("adobe_pass_clock_skew_millis")

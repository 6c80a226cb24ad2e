/** The metrics of a batch. All are sums; a real unique count is not. */
import { type Batch, hash } from "./happenings.js"

type Metric = (batch: Batch) => number

const between = (salt: number, low: number, high: number): Metric => {
  const width = high - low + 1
  return ({ index }) => low + (hash(index, salt) % width)
}

const authnAttempts = between(40, 10, 99)
const authnPending = between(41, 0, 3)
const authnFailed = between(42, 0, 5)
const authzAttempts = between(43, 30, 300)
const authzFailed = between(44, 0, 12)
const authzRejected = between(45, 0, 2)
const latency = between(46, 80, 400)

const authnSuccessful: Metric = (batch) => authnAttempts(batch) - authnPending(batch) - authnFailed(batch)
const authzSuccessful: Metric = (batch) => authzAttempts(batch) - authzFailed(batch) - authzRejected(batch)

const common: Readonly<Record<string, Metric>> = {
  "authn-attempts": authnAttempts,
  "authn-successful": authnSuccessful,
  "authn-pending": authnPending,
  "authn-failed": authnFailed,
  "clientless-tokens": between(47, 0, 9),
  "clientless-failures": between(48, 0, 1),
  "authz-attempts": authzAttempts,
  "authz-successful": authzSuccessful,
  "authz-failed": authzFailed,
  "authz-rejected": authzRejected,
  "authz-latency": (batch) => authzAttempts(batch) * latency(batch),
  "media-tokens": authzSuccessful
}

/** Daily, and by data center only. */
const unique: Readonly<Record<string, Metric>> = {
  "unique-accounts": authnSuccessful,
  "unique-sessions": authnAttempts
}

const count: Readonly<Record<string, Metric>> = { count: authnFailed }

export const metrics: Readonly<Record<string, Metric>> = { ...common, ...unique, ...count }

/** Those of a report whose caller has not chosen. */
export const metricsOf = (path: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (path.includes("event")) return Object.keys(count)
  return Object.keys(path.slice(-2).join("/") === "day/dc" ? { ...common, ...unique } : common)
}

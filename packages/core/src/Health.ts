/**
 * How an application stands: what `AdobePass.health` says.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Record from "./internal/health/healthRecord.js"
import * as Incidents from "./internal/health/incidents.js"
import { RegisteredApplication } from "./RegisteredApplication.js"
import { Sessions } from "./Sessions.js"
import { Throttle, type ThrottleStatus } from "./Throttle.js"

/**
 * The tags of the errors that count as failures of an endpoint. An error that says something about a request, a device or
 * a user, such as `RequestRejected` or `InvalidClient`, comes from a service that works, and counts as a success.
 *
 * @since 0.1.0
 * @category models
 */
export type EndpointError = Record.EndpointError

/**
 * How the last requests to an endpoint went. A request counts once, with all its repetitions, by how it ended. One whose
 * connection is refused is a failure. One that gets no token or no permit, or whose refusal is remembered, is not sent and
 * does not count, and neither does one whose caller leaves before the answer.
 *
 * A protected call ends with the head of its answer. What its caller finds in the body afterwards, such as
 * `response.json` that fails for an HTML page, does not count. The transport of `effect-adobe-pass-node` waits for the
 * whole body when that is JSON or short, so there a body that stalls or breaks off is a failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface EndpointHealth {
  /**
   * When the last request ended that the service answered, also with no to one request, device or user. For a protected
   * call that succeeded, when it was started.
   */
  readonly lastSuccessAt: number | undefined
  /** Requests that failed since then. */
  readonly consecutiveFailures: number
  /** The last failure, also when it is over. */
  readonly lastFailure: { readonly error: EndpointError; readonly at: number } | undefined
}

/**
 * How the last operations of sessions on the credential store went. Reads and writes are counted apart, because a store that
 * can be read may be full, or refuse to be written. A record that cannot be used (`Corrupt`, `Mismatch`,
 * `Encrypted`, `Plaintext`, `Newer`) is the fault of one session: the store has answered, so the operation counts as a
 * success here, and as a failure in `adobe_pass_store_failures_total`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoreHealth {
  readonly lastSuccessAt: number | undefined
  /** Of the reads or of the writes, whichever are more. */
  readonly consecutiveFailures: number
  /** The last failure, also when it is over. */
  readonly lastFailure: (Record.StoreFailure & { readonly at: number }) | undefined
}

/**
 * The sessions in memory, and how well they are used.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionsHealth {
  readonly inMemory: number
  /** Reads of a token that found a usable one in memory, since the start. */
  readonly tokenHits: number
  /** Reads of a token that had to wait for one, or failed, since the start. */
  readonly tokenMisses: number
  /** The part of the reads that were hits, from 0 to 1; undefined before the first one. */
  readonly hitRatio: number | undefined
}

/**
 * How a registered application stands. Times are milliseconds since the epoch. It holds no secret and nothing of a device,
 * and `JSON.stringify` writes it as it is, without the members that are undefined.
 *
 * @since 0.1.0
 * @category models
 */
export interface Health {
  /** When this was true. */
  readonly at: number
  /** When the layer of the application was built. */
  readonly startedAt: number
  /** The name of the environment. */
  readonly environment: string
  /** What is wrong now, the worst first; empty when none of the cases of `Incident` is given. */
  readonly incidents: ReadonlyArray<Incident>
  readonly endpoints: {
    /** `POST /o/client/register`. */
    readonly registration: EndpointHealth
    /** `POST /o/client/token`. */
    readonly token: EndpointHealth
    /** Protected calls to the `sp` host, other than those of `mgmt`. */
    readonly sp: EndpointHealth
    /** Protected calls to the management APIs. */
    readonly mgmt: EndpointHealth
  }
  readonly store: StoreHealth
  /** Of the throttle, which applications may share. */
  readonly throttle: ThrottleStatus
  readonly sessions: SessionsHealth
  /** How far the clock of Adobe Pass was ahead of the local one at the last token request, in milliseconds. */
  readonly clockSkewMillis: number | undefined
}

/**
 * Something that is wrong. `message` is one sentence that says what to do.
 *
 * `RegistrationRefused`: Adobe Pass does not register devices of this application. `CredentialsRefused`: the token
 * endpoint refuses the credentials of several devices, which are kept for now; with `reregister: "never"` it does not come.
 * `EndpointFails`: the last three requests, or more, have failed. `StoreFails`: the last three reads or the last three
 * writes of the store, or more, have failed, and not because of one record. `ThrottleAlone`: the shared buckets could not
 * be asked the last time. `Throttled`: a 429 came in the last five minutes.
 *
 * A success ends an incident; a refused registration ends with one that succeeds, and with nothing else. An endpoint or a
 * store that has not failed for an hour is not told any more, and neither are refused credentials after five minutes. When
 * the clock was set back, what happened at a time that is in the future now counts as old.
 *
 * @since 0.1.0
 * @category models
 */
export type Incident = Incidents.Incident

/**
 * What the services of an application note of their work. `AdobePass.layer` provides it.
 *
 * @since 0.1.0
 * @category models
 */
export type HealthRecord = Record.HealthRecord

/**
 * @since 0.1.0
 * @category tags
 */
export const HealthRecord: typeof Record.HealthRecord = Record.HealthRecord

/** A time that a service has noted, if it has. */
const time = (at: number): number | undefined => (at === Record.never ? undefined : at)

const outcomes = <Failure extends object>({
  consecutiveFailures,
  lastFailure,
  succeededAt
}: Record.Outcomes<Failure>) => ({
  lastSuccessAt: time(succeededAt),
  consecutiveFailures,
  lastFailure
})

const later = <A extends { readonly at: number }>(one: A | undefined, other: A | undefined): A | undefined =>
  one === undefined || (other !== undefined && other.at > one.at) ? other : one

const storeOf = ({ reads, writes }: Record.StoreOutcomes): StoreHealth => ({
  lastSuccessAt: time(Math.max(reads.succeededAt, writes.succeededAt)),
  consecutiveFailures: Math.max(reads.consecutiveFailures, writes.consecutiveFailures),
  lastFailure: later(reads.lastFailure, writes.lastFailure)
})

const sessionsOf = ({ tokenHits, tokenMisses }: HealthRecord, inMemory: number): SessionsHealth => {
  const reads = tokenHits + tokenMisses
  return { inMemory, tokenHits, tokenMisses, hitRatio: reads === 0 ? undefined : tokenHits / reads }
}

/**
 * How the application stands now: see `AdobePass.health`.
 *
 * @since 0.1.0
 * @category operations
 */
export const now: Effect.Effect<Health, never, HealthRecord | RegisteredApplication | Sessions | Throttle> =
  Effect.gen(function* () {
    const record = yield* HealthRecord
    const { environment } = yield* RegisteredApplication
    const at = yield* Clock.currentTimeMillis
    const throttle = yield* Effect.flatMap(Throttle, ({ status }) => status)
    const inMemory = yield* Effect.flatMap(Sessions, ({ size }) => size)
    return {
      at,
      startedAt: record.startedAt,
      environment: environment.name,
      incidents: Incidents.incidents(record, throttle, at),
      endpoints: {
        registration: outcomes(record.registration),
        token: outcomes(record.token),
        sp: outcomes(record.sp),
        mgmt: outcomes(record.mgmt)
      },
      store: storeOf(record.store),
      throttle,
      sessions: sessionsOf(record, inMemory),
      clockSkewMillis: record.clockSkew
    }
  })

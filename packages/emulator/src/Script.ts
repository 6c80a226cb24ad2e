/**
 * The script API: how a test controls the emulator, and how it reads what the emulator received.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { EnhancedErrorCode } from "./EnhancedErrorCode.js"
import type { Fault } from "./Fault.js"
import type { Counts, LoggedRequest, ReceivedRequest, Route } from "./Traffic.js"

/**
 * A software statement to mint.
 *
 * @since 0.1.0
 * @category models
 */
export interface MintOptions {
  /** Default: the scopes of the emulator's own statement. */
  readonly scopes?: ReadonlyArray<string>
  /**
   * The id of the application; default a new one. With the id of an existing application the statement is another
   * download of it, and `scopes` and `redirectDomains` are ignored: an application cannot be edited.
   */
  readonly subject?: string
  /** Milliseconds since the epoch; default now. */
  readonly issuedAt?: number
  /** Hosts and custom schemes that redirect URIs may point to; default any. */
  readonly redirectDomains?: ReadonlyArray<string>
}

/**
 * Which requests fail, and how.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailOptions {
  readonly route: Route
  readonly fault: Fault
  /** How many requests fail; default 1, and without limit where there is a `probability`. `Infinity` is allowed. */
  readonly times?: number
  /** How likely a matching request fails, from 0 to 1; default 1. Drawn from Effect's `Random`. */
  readonly probability?: number
  /** Limits the fault to matching requests; default all requests of the route. */
  readonly when?: (request: ReceivedRequest) => boolean
}

/**
 * What an MVPD may fail at: calls for sessions, profiles, decisions, logout, and the profile of a partner.
 *
 * @since 0.1.0
 * @category models
 */
export const MvpdOperation = Schema.Literal(
  "sessions",
  "profiles",
  "authorize",
  "preauthorize",
  "logout",
  "partner"
)

/**
 * @since 0.1.0
 * @category models
 */
export type MvpdOperation = typeof MvpdOperation.Type

/**
 * A failure of an MVPD. Every decision of a call for decisions gets the error; other calls are answered with it.
 *
 * @since 0.1.0
 * @category models
 */
export interface MvpdFailure {
  readonly mvpd: string
  /** Default: any. */
  readonly operation?: MvpdOperation
  readonly code: EnhancedErrorCode
  /** How many calls fail; default 1. `Infinity` is allowed. */
  readonly times?: number
}

/**
 * The script API of one emulator.
 *
 * @since 0.1.0
 * @category models
 */
export interface Script {
  /** A signed statement of an application that may register. */
  readonly softwareStatement: string
  readonly mintStatement: (options?: MintOptions) => Effect.Effect<string>
  /**
   * Makes the next requests of a route fail. Faults are queued: a request gets the oldest one that matches it. The
   * throttle comes first: a throttled request uses up no fault.
   */
  readonly fail: (options: FailOptions) => Effect.Effect<void>
  readonly clearFaults: Effect.Effect<void>
  /**
   * Revokes the application of a statement (default: the emulator's own) with all of its clients and tokens. Ignores
   * a statement that the emulator did not issue.
   */
  readonly revokeStatement: (statement?: string) => Effect.Effect<void>
  /** Undoes `revokeStatement`. */
  readonly restoreStatement: (statement?: string) => Effect.Effect<void>
  readonly revokeClient: (clientId: string) => Effect.Effect<void>
  readonly revokeAllClients: Effect.Effect<void>
  /** Revokes all tokens issued so far: calls get 401 with an enhanced error. */
  readonly revokeTokens: Effect.Effect<void>
  /** Expires all tokens issued so far: calls get 401 without a body. */
  readonly expireTokens: Effect.Effect<void>
  /**
   * Sets the offset between the server's clock and Effect's; zero removes it. The server's clock gives `Date`,
   * `created_at` and the claims of tokens, and decides when they expire. Throttle and log use Effect's clock.
   */
  readonly skewClock: (
    duration: Duration.DurationInput,
    /** Default `"ahead"`. */
    direction?: "ahead" | "behind"
  ) => Effect.Effect<void>
  /** Applies to tokens issued from now on, for all clients or for one. */
  readonly setTokenTtl: (ttl: Duration.DurationInput, clientId?: string) => Effect.Effect<void>
  readonly setIssuedAtUnit: (unit: "s" | "ms") => Effect.Effect<void>
  /** The ids of all registered clients except those that were revoked as clients, oldest first. */
  readonly clients: Effect.Effect<ReadonlyArray<string>>
  /** The received requests, oldest first. */
  readonly log: Effect.Effect<ReadonlyArray<LoggedRequest>>
  readonly counts: Effect.Effect<Counts>
  /** Clears the log and resets the counts. */
  readonly clearLog: Effect.Effect<void>
}

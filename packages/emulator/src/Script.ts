/**
 * The script API: how a test controls the emulator, and how it reads what the emulator received.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { EnhancedErrorCode } from "./EnhancedErrorCode.js"
import type { Fault } from "./Fault.js"
import type { Profile, SavedState, Session } from "./SavedState.js"
import type { Counts, LoggedRequest, ReceivedRequest, Route } from "./Traffic.js"
import type { Degradation, World } from "./World.js"

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
  /** Only the decisions on this resource have the error; the others of their call are made as always. */
  readonly resource?: string
  /** How many calls fail; default 1. `Infinity` is allowed. */
  readonly times?: number
}

/**
 * Who signs in, as if a browser had done it.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignIn {
  /** The code of the session. */
  readonly code: string
  /** Default: the first of the MVPD's people. */
  readonly user?: string
  /** Where the session has none yet. */
  readonly mvpd?: string
}

/**
 * Nobody could sign in with this code.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignInRefused extends Data.TaggedError("SignInRefused")<{
  readonly reason: "unknown code" | "session ended" | "no MVPD" | "no such person"
}> {
  override get message(): string {
    return `Nobody can sign in with this code: ${this.reason}.`
  }
}

/**
 * Which profiles are meant: those that agree with each member.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProfileFilter {
  readonly clientId?: string
  readonly device?: string
  readonly serviceProvider?: string
  readonly mvpd?: string
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
  /** Signs a person in for a session, as if a browser had done it, without a password. */
  readonly signIn: (who: SignIn) => Effect.Effect<void, SignInRefused>
  /** The profiles, also those that have expired or were revoked. */
  readonly profiles: Effect.Effect<ReadonlyArray<Profile>>
  /** The sessions, also those that have ended, oldest first. */
  readonly sessions: Effect.Effect<ReadonlyArray<Session>>
  /** Revokes profiles (default: all): decisions are refused with `authenticated_profile_invalidated`. */
  readonly revokeProfiles: (which?: ProfileFilter) => Effect.Effect<void>
  /** Expires profiles (default: all): decisions are refused with `authenticated_profile_expired`. */
  readonly expireProfiles: (which?: ProfileFilter) => Effect.Effect<void>
  /**
   * Begins the degradation of an MVPD, or ends it. The message becomes the `details` of denials. Ignores an MVPD that
   * the world does not have.
   */
  readonly degrade: (
    mvpd: string,
    rule: Degradation["rule"] | "none",
    message?: string
  ) => Effect.Effect<void>
  /**
   * Makes the next calls about an MVPD fail with an enhanced error. Every decision of a call for decisions has the
   * error; other calls are answered with it. `clearFaults` forgets what is left of it.
   */
  readonly mvpdFails: (failure: MvpdFailure) => Effect.Effect<void>
  /** Sets the resources of a person's plan; `"all"` permits everything. */
  readonly setPlan: (
    mvpd: string,
    user: string,
    resources: ReadonlyArray<string> | "all"
  ) => Effect.Effect<void>
  /** The world as it is now, with the changes that scripts have made. */
  readonly world: Effect.Effect<World>
  readonly setWorld: (world: World) => Effect.Effect<void>
  /** All that the emulator remembers, to go on with it in another one. It contains secrets. */
  readonly exportState: Effect.Effect<SavedState>
  /**
   * Goes on where another emulator was: its clients, tokens and statements are good here too, and its world, sessions,
   * profiles and temporary accesses take the place of those that are here.
   */
  readonly importState: (state: SavedState) => Effect.Effect<void>
  /** The ids of all registered clients except those that were revoked as clients, oldest first. */
  readonly clients: Effect.Effect<ReadonlyArray<string>>
  /** The received requests, oldest first. */
  readonly log: Effect.Effect<ReadonlyArray<LoggedRequest>>
  readonly counts: Effect.Effect<Counts>
  /** Clears the log and resets the counts. */
  readonly clearLog: Effect.Effect<void>
}

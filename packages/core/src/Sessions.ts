/**
 * The cached state of every device: its credentials and its access token, obtained once and kept fresh.
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import {
  type AccessToken,
  defaultRefreshWindow,
  isUsable,
  type RefreshWindow,
  refreshAt,
  sameToken
} from "./AccessToken.js"
import {
  type CredentialStoreError,
  InvalidInput,
  ServiceUnavailable,
  type SessionError
} from "./AdobePassError.js"
import type { ClientCredentials } from "./ClientCredentials.js"
import { ClientRegistration } from "./ClientRegistration.js"
import { CredentialStore, leaseLost, type StoredSession } from "./CredentialStore.js"
import type { Device } from "./Device.js"
import { Cell } from "./internal/cell.js"
import * as Flight from "./internal/flight.js"
import { positiveDuration } from "./internal/limits.js"
import { Recent } from "./internal/recent.js"
import { untilSome } from "./internal/untilSome.js"
import { withClock } from "./internal/withClock.js"
import type { Lease } from "./Lease.js"
import * as Metrics from "./Metrics.js"
import type { RegisteredApplication } from "./RegisteredApplication.js"
import * as SessionKey from "./SessionKey.js"
import * as SessionState from "./SessionState.js"
import * as Throttle from "./Throttle.js"
import { TokenEndpoint } from "./TokenEndpoint.js"

/**
 * Why a token was requested.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenReason = "cold" | "expiring" | "expired" | "rejected" | "replaced"

/**
 * What happened to a session. `session` is the hashed key: it shows nothing of the device.
 *
 * `CredentialsReplaced` means that the users of this device must sign in again. `RegistrationAbandoned` means that Adobe
 * Pass has, or may have, a registration that nobody uses: a process died, or lost its lock, between the registration
 * and the save.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionEvent =
  | { readonly _tag: "Registered"; readonly session: SessionKey.SessionKey }
  | { readonly _tag: "CredentialsAdopted"; readonly session: SessionKey.SessionKey }
  | { readonly _tag: "CredentialsReplaced"; readonly session: SessionKey.SessionKey }
  | { readonly _tag: "RegistrationAbandoned"; readonly session: SessionKey.SessionKey }
  | { readonly _tag: "TokenObtained"; readonly session: SessionKey.SessionKey; readonly reason: TokenReason }
  | { readonly _tag: "TokenAdopted"; readonly session: SessionKey.SessionKey }
  | { readonly _tag: "RefreshFailed"; readonly session: SessionKey.SessionKey; readonly error: SessionError }
  | {
      readonly _tag: "StoreFailed"
      readonly session: SessionKey.SessionKey
      readonly error: CredentialStoreError
    }
  | { readonly _tag: "Forgotten"; readonly session: SessionKey.SessionKey }

/**
 * The sessions of one registered application.
 *
 * Registering and refreshing run once per device, whoever asks, in the scope of the service: a cancelled caller harms
 * nobody, and a failure is shared by those who waited for it. It is then remembered for a short time (see `Options`),
 * so that an outage is not made worse.
 *
 * @since 0.1.0
 * @category tags
 */
export class Sessions extends Context.Tag("effect-adobe-pass/Sessions")<
  Sessions,
  {
    /** The credentials of a device: from memory, from the store, or by registering once. Durable when returned. */
    readonly credentials: (device: Device) => Effect.Effect<ClientCredentials, SessionError>
    /**
     * A token that may be used now. In its refresh window the current token is returned and one background flight
     * replaces it; a background failure leaves the valid token in use. After the expiry callers wait for the flight.
     */
    readonly accessToken: (device: Device) => Effect.Effect<AccessToken, SessionError>
    /**
     * The token in memory, if it may be used at this time (in milliseconds) and is not due: a plain function, for what
     * cannot afford the steps of an effect. Where it answers undefined, nothing has changed, and `accessToken` is asked.
     */
    readonly current: (device: Device, now: number) => AccessToken | undefined
    /** A protected API refused this token. If the session holds another one already, nothing happens. */
    readonly reject: (device: Device, token: AccessToken) => Effect.Effect<void>
    /**
     * Removes credentials and token of a device from memory and store, and with them any remembered failure. The
     * device registers anew on its next call, and its users must sign in again. Another process that holds the session
     * in memory puts it back into the store when it refreshes the token, unless it forgets the session, too.
     */
    readonly forget: (device: Device) => Effect.Effect<void, CredentialStoreError>
    /**
     * Brings the stored sessions of these devices into memory, in batches, and answers with how many there were.
     * Nothing is sent to Adobe Pass. No more than the capacity is taken.
     */
    readonly warm: (devices: Iterable<Device>) => Effect.Effect<number, CredentialStoreError>
    /** What memory holds of a device, without asking the store or Adobe Pass. */
    readonly state: (device: Device) => Effect.Effect<SessionState.SessionState>
    /** Events from now on. A slow subscriber loses the oldest ones. */
    readonly events: Stream.Stream<SessionEvent>
    /** Sessions in memory. */
    readonly size: Effect.Effect<number>
  }
>() {}

/**
 * Tunables of the sessions.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Sessions in memory; beyond that the longest unused go, which costs a store read when they return. @default 100_000 */
  readonly capacity?: number | undefined
  /**
   * What to do when the token endpoint refuses the pair (`invalid_client`) twice. `confirm`: register once more and
   * emit `CredentialsReplaced`. `never`: fail with `InvalidClient`. @default "confirm"
   */
  readonly reregister?: "confirm" | "never" | undefined
  /** When tokens are refreshed. @default a tenth of the lifetime, between 30 seconds and 5 minutes */
  readonly refreshWindow?: Partial<RefreshWindow> | undefined
  /** How long a failure by throttling or by the store is remembered. @default 1 second */
  readonly throttleCooldown?: Duration.DurationInput | undefined
  /** How long a failure by an outage is remembered. @default 3 seconds */
  readonly outageCooldown?: Duration.DurationInput | undefined
  /**
   * How long a refusal is remembered for a device that has credentials. For a device without them it is remembered
   * until `forget`. @default 5 minutes
   */
  readonly refusalCooldown?: Duration.DurationInput | undefined
  /**
   * The pause between an `invalid_client` and the request that confirms it, up to twice as long by device: a slip of
   * the server must not cost anybody a login. @default 2 seconds
   */
  readonly confirmAfter?: Duration.DurationInput | undefined
}

const registeringSlot: Flight.Slot<Cell, ClientCredentials, SessionError> = {
  get: (cell) => cell.registering,
  set: (cell, flight) => {
    cell.registering = flight
  }
}

const refreshingSlot: Flight.Slot<Cell, AccessToken, SessionError> = {
  get: (cell) => cell.refreshing,
  set: (cell, flight) => {
    cell.refreshing = flight
  }
}

/** A pair that was never stored has never been used, and may be lost with its cell; a flight may not. */
const isPinned = (cell: Cell): boolean => cell.registering !== undefined || cell.refreshing !== undefined

const warmBatchSize = 500

/** A number in [0, 1) that is stable for a session. */
const slotOf = (key: SessionKey.SessionKey): number => Number.parseInt(key.slice(0, 8), 16) / 2 ** 32

const isLeaseLost = (error: SessionError): boolean =>
  error._tag === "CredentialStoreError" && error.code === leaseLost

/** What is asked of a store more than once before it is given up. */
const briefly = Schedule.exponential(100).pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(3)),
  Schedule.whileInput((error: CredentialStoreError) => error.retryable && !isLeaseLost(error))
)

/**
 * The sessions of a registered application; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  application: RegisteredApplication,
  options: Options = {}
): Effect.Effect<
  Context.Tag.Service<Sessions>,
  InvalidInput,
  ClientRegistration | TokenEndpoint | CredentialStore | Scope.Scope
> =>
  Effect.gen(function* () {
    const registration = yield* ClientRegistration
    const tokenEndpoint = yield* TokenEndpoint
    const store = yield* CredentialStore
    const scope = yield* Effect.scope
    const capacity = options.capacity ?? 100_000
    if (!Number.isInteger(capacity) || capacity < 1) {
      return yield* new InvalidInput({
        field: "sessions.capacity",
        problem: "must be a whole number of at least 1"
      })
    }
    const reregister = options.reregister ?? "confirm"
    const window: RefreshWindow = {
      fraction: options.refreshWindow?.fraction ?? defaultRefreshWindow.fraction,
      minimum: options.refreshWindow?.minimum ?? defaultRefreshWindow.minimum,
      maximum: options.refreshWindow?.maximum ?? defaultRefreshWindow.maximum
    }
    if (
      !(
        window.minimum >= 0 &&
        window.maximum >= window.minimum &&
        window.fraction >= 0 &&
        window.fraction <= 1
      )
    ) {
      return yield* new InvalidInput({
        field: "sessions.refreshWindow",
        problem: "needs a fraction from 0 to 1 and 0 <= minimum <= maximum"
      })
    }
    const millis = (field: string, input: Duration.DurationInput) =>
      Effect.map(positiveDuration(`sessions.${field}`, input), Duration.toMillis)
    const throttleCooldown = yield* millis("throttleCooldown", options.throttleCooldown ?? 1000)
    const outageCooldown = yield* millis("outageCooldown", options.outageCooldown ?? 3000)
    const refusalCooldown = yield* millis("refusalCooldown", options.refusalCooldown ?? Duration.minutes(5))
    const confirmAfter = yield* millis("confirmAfter", options.confirmAfter ?? 2000)

    const events = yield* Effect.acquireRelease(PubSub.sliding<SessionEvent>(1024), PubSub.shutdown)
    const emit = (event: SessionEvent) => PubSub.publish(events, event)

    const cells = new Recent<Cell>()

    /**
     * Makes room for a hundredth of the capacity: the cells that were unused for longest go, unless they have something
     * to finish. Not one by one, because a walk over a map passes everything that was removed before; and without an
     * iterator that stays, because that would keep every table that the map has outgrown.
     */
    const evictExcept = (newest: string) => {
      if (cells.size <= capacity) return
      let excess = cells.size - capacity + Math.floor(capacity / 100)
      for (const [id, cell] of cells) {
        if (excess === 0 || id === newest) return
        if (isPinned(cell)) continue
        cells.delete(id)
        excess -= 1
      }
    }

    const cellOf = (device: Device): Cell => {
      const id = Redacted.value(device.id)
      const known = cells.use(id)
      if (known !== undefined) return known
      const cell = new Cell()
      cells.add(id, cell)
      evictExcept(id)
      return cell
    }

    const keyOf = (cell: Cell, device: Device) =>
      cell.key !== undefined
        ? Effect.succeed(cell.key)
        : Effect.tap(SessionKey.make(application, device), (key) =>
            Effect.sync(() => {
              cell.key = key
            })
          )

    const cooldownOf = (cell: Cell, error: SessionError): number => {
      switch (error._tag) {
        // The throttle holds the address; another address of the device need not wait.
        case "Throttled":
        case "CredentialStoreError":
          return throttleCooldown
        case "ServiceUnavailable":
          return Math.min(Math.max(outageCooldown, error.retryAfterMillis ?? 0), Throttle.longestHold)
        case "TransportError":
        case "UnexpectedResponse":
          return outageCooldown
        default:
          return cell.state._tag === "Unregistered" ? Number.POSITIVE_INFINITY : refusalCooldown
      }
    }

    const remember =
      (cell: Cell) =>
      <A>(work: Effect.Effect<A, SessionError>): Effect.Effect<A, SessionError> =>
        Effect.tapBoth(work, {
          onSuccess: () =>
            Effect.sync(() => {
              cell.failure = undefined
            }),
          onFailure: (error) =>
            withClock((clock) => {
              const since = clock.unsafeCurrentTimeMillis()
              cell.failure = { error, since, until: since + cooldownOf(cell, error) }
              return Effect.void
            })
        })

    /** The remembered failure of a session, if it still counts, with what is left of its wait. */
    const recentFailure = ({ failure }: Cell, now: number): SessionError | undefined => {
      if (failure === undefined || now < failure.since || now >= failure.until) return undefined
      const { error } = failure
      return error._tag === "ServiceUnavailable" && error.retryAfterMillis !== undefined
        ? new ServiceUnavailable({ ...error, retryAfterMillis: failure.until - now })
        : error
    }

    const adoptCredentials = (cell: Cell, key: SessionKey.SessionKey, credentials: ClientCredentials) =>
      Effect.suspend(() => {
        const before = cell.state
        cell.state = SessionState.registered(before, credentials)
        return cell.state === before || before._tag === "Unregistered"
          ? Effect.succeed(credentials)
          : Effect.as(emit({ _tag: "CredentialsAdopted", session: key }), credentials)
      })

    /** Saves a pair that was just issued; it is not visible to anybody before the store has it. */
    const saveIssued = (
      cell: Cell,
      key: SessionKey.SessionKey,
      issued: ClientCredentials,
      replaces: ClientCredentials | undefined,
      lease: Lease
    ) =>
      Effect.gen(function* () {
        cell.unsaved = issued
        const winner = yield* Effect.retry(store.saveCredentials(key, issued, replaces, lease), briefly)
        cell.unsaved = undefined
        if (!SessionState.samePair(winner, issued)) {
          yield* emit({ _tag: "RegistrationAbandoned", session: key })
          return yield* adoptCredentials(cell, key, winner)
        }
        cell.state = SessionState.registered(cell.state, issued)
        cell.replaced = replaces !== undefined
        yield* emit({ _tag: replaces === undefined ? "Registered" : "CredentialsReplaced", session: key })
        return issued
      })

    /** The pair that the store holds, unless it is the one to be replaced. */
    const storedPair = (key: SessionKey.SessionKey, replaces: ClientCredentials | undefined) =>
      Effect.map(
        store.load(key),
        Option.filterMap(({ credentials }) =>
          replaces !== undefined && SessionState.samePair(credentials, replaces)
            ? Option.none()
            : Option.some(credentials)
        )
      )

    /** The lock of the session, or, if that comes first, the pair of the process that holds it. */
    const lockOrPair = (key: SessionKey.SessionKey, replaces: ClientCredentials | undefined) =>
      Effect.raceFirst(
        Effect.map(store.lock(key), Either.left<Lease>),
        Effect.map(Effect.delay(untilSome(storedPair(key, replaces)), 100), Either.right)
      )

    const adoptStored = (cell: Cell, key: SessionKey.SessionKey, stored: ClientCredentials) =>
      Effect.suspend(() => {
        const { unsaved } = cell
        cell.unsaved = undefined
        return Effect.zipRight(
          unsaved === undefined || SessionState.samePair(unsaved, stored)
            ? Effect.void
            : emit({ _tag: "RegistrationAbandoned", session: key }),
          adoptCredentials(cell, key, stored)
        )
      })

    /** Under the lock of the session: the pair of a faster process, or a new one. */
    const registerOnce = (
      cell: Cell,
      device: Device,
      key: SessionKey.SessionKey,
      replaces: ClientCredentials | undefined
    ): Effect.Effect<ClientCredentials, SessionError> =>
      Effect.scoped(
        Effect.gen(function* () {
          const turn = yield* lockOrPair(key, replaces)
          if (Either.isRight(turn)) return yield* adoptStored(cell, key, turn.right)
          const stored = yield* storedPair(key, replaces)
          if (Option.isSome(stored)) return yield* adoptStored(cell, key, stored.value)
          const lease = turn.left
          if (lease.takenOver) yield* emit({ _tag: "RegistrationAbandoned", session: key })
          return yield* Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(
              cell.unsaved === undefined
                ? restore(registration.register(device))
                : Effect.succeed(cell.unsaved),
              (issued) => saveIssued(cell, key, issued, replaces, lease)
            )
          )
        })
        // The pair is kept: under a new lock it is saved, or the one of whoever took the lock over is adopted.
      ).pipe(Effect.retry({ times: 1, while: isLeaseLost }))

    const obtainCredentials = (cell: Cell, device: Device): Effect.Effect<ClientCredentials, SessionError> =>
      Effect.gen(function* () {
        const key = yield* keyOf(cell, device)
        const stored = cell.unsaved === undefined ? yield* store.load(key) : Option.none<StoredSession>()
        return Option.isSome(stored)
          ? yield* adoptCredentials(cell, key, stored.value.credentials)
          : yield* registerOnce(cell, device, key, undefined)
      })

    const credentials = (device: Device): Effect.Effect<ClientCredentials, SessionError> =>
      withClock((clock) => {
        const cell = cellOf(device)
        if (cell.state._tag !== "Unregistered") return Effect.succeed(cell.state.credentials)
        if (cell.registering === undefined) {
          const failure = recentFailure(cell, clock.unsafeCurrentTimeMillis())
          if (failure !== undefined) return Effect.fail(failure)
        }
        return Effect.flatMap(
          Flight.start(scope, registeringSlot, cell, remember(cell)(obtainCredentials(cell, device))),
          Deferred.await
        )
      })

    /**
     * Brings memory and store together before a token is requested: the pair of the store wins; a pair that only memory
     * knows (the store was restored or emptied) goes back into the store. A warm session does not depend on the store.
     */
    const consultStore = (
      cell: Cell,
      key: SessionKey.SessionKey
    ): Effect.Effect<Option.Option<StoredSession>, CredentialStoreError> => {
      const consult = Effect.gen(function* () {
        const stored = yield* store.load(key)
        const { state } = cell
        if (Option.isSome(stored)) yield* adoptCredentials(cell, key, stored.value.credentials)
        else if (state._tag !== "Unregistered" && !cell.forgotten) {
          yield* adoptCredentials(cell, key, yield* store.saveCredentials(key, state.credentials, undefined))
        }
        return stored
      })
      return cell.state._tag === "Unregistered"
        ? consult
        : Effect.catchAll(consult, (error) =>
            Effect.as(emit({ _tag: "StoreFailed", session: key, error }), Option.none<StoredSession>())
          )
    }

    /** A token of the store that is worth more than the one in memory. */
    const storedToken = (
      cell: Cell,
      key: SessionKey.SessionKey,
      stored: Option.Option<StoredSession>,
      now: number
    ): AccessToken | undefined => {
      const token = Option.getOrUndefined(stored)?.token
      if (token === undefined || !isUsable(token, now)) return undefined
      const { state } = cell
      if (SessionState.wasRejected(state, token)) return undefined
      if (state._tag !== "Authorized" || !isUsable(state.token, now)) return token
      return !sameToken(state.token, token) && now < refreshAt(token, slotOf(key), window) ? token : undefined
    }

    /**
     * Nobody waits for the save of a token, but the service does not close before it. A token that cannot be saved is
     * used all the same.
     */
    const saveInBackground = (key: SessionKey.SessionKey, pair: ClientCredentials, token: AccessToken) =>
      Effect.uninterruptible(
        Effect.forkIn(
          Effect.catchAll(store.saveToken(key, pair, token), (error) =>
            Effect.zipRight(
              Metric.increment(Metrics.unsavedTokens),
              emit({ _tag: "StoreFailed", session: key, error })
            )
          ),
          scope
        )
      )

    const requestToken = (
      cell: Cell,
      device: Device,
      key: SessionKey.SessionKey,
      pair: ClientCredentials,
      reason: TokenReason
    ): Effect.Effect<AccessToken, SessionError> => {
      const request = (using: ClientCredentials, because: TokenReason) =>
        Effect.gen(function* () {
          yield* Metric.update(Metrics.tokenRequests, because)
          const token = yield* tokenEndpoint.request(device, using)
          cell.state = SessionState.authorized(using, token, slotOf(key), window)
          // Of the equal keys one is enough.
          cell.key = using.session
          cell.replaced = false
          // The pair in the store works, so the one that was to replace it is not needed.
          cell.unsaved = undefined
          yield* emit({ _tag: "TokenObtained", session: key, reason: because })
          yield* saveInBackground(key, using, token)
          return token
        })

      /** After the pause another node may have replaced the pair, or the server may know it again. */
      const confirm = Effect.gen(function* () {
        yield* Effect.sleep(confirmAfter * (1 + slotOf(key)))
        const stored = yield* store.load(key)
        const current = Option.isSome(stored)
          ? yield* adoptCredentials(cell, key, stored.value.credentials)
          : pair
        return yield* Effect.catchTag(
          request(current, SessionState.samePair(current, pair) ? reason : "replaced"),
          "InvalidClient",
          (confirmed) =>
            reregister === "never" || cell.replaced || !SessionState.samePair(current, pair)
              ? Effect.fail(confirmed)
              : Effect.flatMap(registerOnce(cell, device, key, pair), (replacement) =>
                  request(replacement, "replaced")
                )
        )
      })

      return Effect.catchTag(request(pair, reason), "InvalidClient", () => confirm)
    }

    const reasonOf = (cell: Cell, now: number): TokenReason => {
      const { state } = cell
      if (state._tag !== "Authorized") return state.rejected === undefined ? "cold" : "rejected"
      return isUsable(state.token, now) ? "expiring" : "expired"
    }

    const obtainToken = (cell: Cell, device: Device): Effect.Effect<AccessToken, SessionError> =>
      Effect.gen(function* () {
        const key = yield* keyOf(cell, device)
        yield* Metric.set(Metrics.sessions, cells.size)
        const stored =
          cell.state._tag === "Unregistered" && cell.unsaved !== undefined
            ? Option.none<StoredSession>()
            : yield* consultStore(cell, key)
        const now = yield* Clock.currentTimeMillis
        const { state } = cell
        const pair = state._tag === "Unregistered" ? yield* credentials(device) : state.credentials
        const known = storedToken(cell, key, stored, now)
        if (known !== undefined) {
          cell.state = SessionState.authorized(pair, known, slotOf(key), window)
          cell.key = pair.session
          yield* emit({ _tag: "TokenAdopted", session: key })
          return known
        }
        return yield* requestToken(cell, device, key, pair, reasonOf(cell, now))
      })

    const startRefresh = (cell: Cell, device: Device) =>
      Flight.start(scope, refreshingSlot, cell, remember(cell)(obtainToken(cell, device)))

    const refreshInBackground = (cell: Cell, device: Device) =>
      Flight.start(
        scope,
        refreshingSlot,
        cell,
        Effect.tapError(remember(cell)(obtainToken(cell, device)), (error) =>
          Effect.flatMap(keyOf(cell, device), (session) => emit({ _tag: "RefreshFailed", session, error }))
        )
      )

    const current = (device: Device, now: number): AccessToken | undefined => {
      const { state } = cellOf(device)
      return state._tag === "Authorized" && SessionState.step(state, now) === "Use" ? state.token : undefined
    }

    const accessToken = (device: Device): Effect.Effect<AccessToken, SessionError> =>
      withClock((clock) => {
        const now = clock.unsafeCurrentTimeMillis()
        const cell = cellOf(device)
        const { state } = cell
        const step = SessionState.step(state, now)
        if (step !== "Obtain" && state._tag === "Authorized") {
          return step === "Use" || cell.refreshing !== undefined || recentFailure(cell, now) !== undefined
            ? Effect.succeed(state.token)
            : Effect.as(refreshInBackground(cell, device), state.token)
        }
        if (cell.refreshing === undefined) {
          const failure = recentFailure(cell, now)
          if (failure !== undefined) return Effect.fail(failure)
        }
        return Effect.flatMap(startRefresh(cell, device), Deferred.await)
      })

    const warmBatch = (devices: ReadonlyArray<Device>): Effect.Effect<number, CredentialStoreError> =>
      Effect.gen(function* () {
        const keys = yield* Effect.forEach(devices, (device) => SessionKey.make(application, device))
        const stored = yield* Effect.retry(store.loadMany(keys), briefly)
        const now = yield* Clock.currentTimeMillis
        for (const [index, device] of devices.entries()) {
          const key = keys[index]
          const found = key === undefined ? undefined : stored.get(key)
          if (key === undefined || found === undefined) continue
          const cell = cellOf(device)
          if (cell.state._tag !== "Unregistered" || cell.forgotten || isPinned(cell)) continue
          cell.key = found.credentials.session
          const { rejected } = cell.state
          cell.state =
            found.token !== undefined && isUsable(found.token, now) && rejected === undefined
              ? SessionState.authorized(found.credentials, found.token, slotOf(key), window)
              : SessionState.registered(cell.state, found.credentials)
        }
        return stored.size
      })

    const warm = (devices: Iterable<Device>): Effect.Effect<number, CredentialStoreError> =>
      Stream.fromIterable(devices).pipe(
        Stream.take(capacity),
        Stream.grouped(warmBatchSize),
        Stream.mapEffect((batch) => warmBatch(Chunk.toReadonlyArray(batch)), { concurrency: 4 }),
        Stream.runSum
      )

    const landed = <A, E>(flight: Deferred.Deferred<A, E> | undefined): Effect.Effect<void> =>
      flight === undefined ? Effect.void : Effect.asVoid(Effect.exit(Deferred.await(flight)))

    const allLanded = (cell: Cell): Effect.Effect<void> =>
      Effect.whileLoop({
        while: () => isPinned(cell),
        body: () => Effect.zipRight(landed(cell.refreshing), landed(cell.registering)),
        step: () => {}
      })

    return {
      credentials,
      accessToken,
      current,
      reject: (device, token) =>
        Effect.sync(() => {
          const cell = cellOf(device)
          cell.state = SessionState.rejected(cell.state, token)
        }),
      forget: (device) =>
        Effect.gen(function* () {
          const cell = cellOf(device)
          const session = yield* keyOf(cell, device)
          // From here on no flight of this cell brings the pair back; whoever comes after the removal gets a new cell.
          cell.forgotten = true
          yield* Effect.onError(Effect.zipRight(allLanded(cell), store.remove(session)), () =>
            Effect.sync(() => {
              cell.forgotten = false
            })
          )
          if (cells.get(Redacted.value(device.id)) === cell) cells.delete(Redacted.value(device.id))
          yield* emit({ _tag: "Forgotten", session })
        }),
      warm,
      state: (device) =>
        Effect.sync(() => cells.get(Redacted.value(device.id))?.state ?? SessionState.unregistered),
      events: Stream.fromPubSub(events),
      size: Effect.sync(() => cells.size)
    }
  })

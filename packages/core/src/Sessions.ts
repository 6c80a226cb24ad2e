/**
 * The cached state of every device: its credentials and its access token, obtained once and kept fresh.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AccessToken } from "./AccessToken.js"
import type { CredentialStoreError, InvalidInput, SessionError } from "./AdobePassError.js"
import type { ClientCredentials } from "./ClientCredentials.js"
import { ClientRegistration } from "./ClientRegistration.js"
import { CredentialStore, isInMemory } from "./CredentialStore.js"
import type { Device } from "./Device.js"
import { current as currentHealth, type HealthRecord, never } from "./internal/health/healthRecord.js"
import * as Credentials from "./internal/session/credentials.js"
import { initial as initialReplacements, type Replacements } from "./internal/session/replacements.js"
import { open, type SessionServices } from "./internal/session/session.js"
import type { SessionEntry } from "./internal/session/sessionEntry.js"
import { SessionMap } from "./internal/session/sessionMap.js"
import * as Token from "./internal/session/token.js"
import { warm } from "./internal/session/warm.js"
import { measured } from "./internal/store/measured.js"
import * as Warnings from "./internal/warnings.js"
import { withClock } from "./internal/withClock.js"
import * as Metrics from "./Metrics.js"
import * as Options from "./Options.js"
import { RegisteredApplication } from "./RegisteredApplication.js"
import type { SessionKey } from "./SessionKey.js"
import * as SessionState from "./SessionState.js"
import type * as Setting from "./Setting.js"
import { TokenEndpoint } from "./TokenEndpoint.js"

/**
 * `IncidentStarted`: the token endpoint refuses the credentials of several devices, and those of this one are kept for now.
 * `IncidentEnded`: it accepts credentials again that it had refused.
 *
 * @since 0.1.0
 * @category models
 */
export type Incident = { readonly _tag: "IncidentStarted" } | { readonly _tag: "IncidentEnded" }

/**
 * What happened to a session, or to the application when a session showed it. `session` is the hashed key, which does not
 * reveal the device.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionEvent = (SessionState.Event | Incident) & { readonly session: SessionKey }

/**
 * Memory, refresh, cooldowns, and the policy for refused credentials.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionsOptions extends Setting.Input<typeof Options.sessions> {}

/**
 * The sessions of one registered application.
 *
 * Each session is a `Ref` of a `SessionState`, which changes only as `SessionState.next` says. Registering and refreshing
 * are single flights in the scope of the service: callers share them, and interrupting a caller does not interrupt them.
 * A failure reaches all who wait for it, and is then remembered for a short time (see `SessionsOptions`), so that an
 * outage does not multiply requests.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sessions {
  /** The credentials of a device: from memory, from the store, or by registering once. Durable when returned. */
  readonly credentials: (device: Device) => Effect.Effect<ClientCredentials, SessionError>
  /**
   * A token that may be used now. In its refresh window the current token is returned and one background flight replaces
   * it; a background failure leaves the valid token in use. After the expiry callers wait for the flight.
   */
  readonly accessToken: (device: Device) => Effect.Effect<AccessToken, SessionError>
  /**
   * A protected API refused this token. If the session holds another one already, nothing happens. A token that is only
   * seconds old, and that no API has accepted, is kept: it may not be known everywhere yet. So is one that replaced a
   * refused one a short time ago; that time grows with each refusal.
   */
  readonly reject: (device: Device, token: AccessToken) => Effect.Effect<void>
  /** A protected API accepted this token, so that a refusal means that it was revoked. */
  readonly accept: (device: Device, token: AccessToken) => Effect.Effect<void>
  /**
   * Removes credentials and token of a device from memory and store, and with them any remembered failure. The device
   * registers anew on its next call, and its users must sign in again. Another process that holds the session in memory
   * puts it back into the store when it refreshes the token, unless it forgets the session, too.
   */
  readonly forget: (device: Device) => Effect.Effect<void, CredentialStoreError>
  /**
   * Brings the stored sessions of these devices into memory, in batches, and returns how many there were. Nothing is
   * sent to Adobe Pass. No more than the capacity is taken.
   */
  readonly warm: (devices: Iterable<Device>) => Effect.Effect<number, CredentialStoreError>
  /** The state of a device in memory. Neither the store nor Adobe Pass is asked. */
  readonly state: (device: Device) => Effect.Effect<SessionState.SessionState>
  /** Events published after the subscription. A slow subscriber loses the oldest ones. */
  readonly events: Stream.Stream<SessionEvent>
  /** Sessions in memory. */
  readonly size: Effect.Effect<number>
}

/**
 * @since 0.1.0
 * @category tags
 */
export const Sessions: Context.Tag<Sessions, Sessions> = Context.GenericTag<Sessions>(
  "effect-adobe-pass/Sessions"
)

/** Uses the session of a device, which stays in memory from the look-up on: no other operation may find another one. */
const using = <A, E>(
  sessions: SessionMap,
  device: Device,
  use: (entry: SessionEntry) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) => {
    const entry = sessions.use(Redacted.value(device.id))
    entry.users += 1
    const released = Effect.sync(() => {
      entry.users -= 1
    })
    return Effect.ensuring(restore(use(entry)), released)
  })

const credentials = (
  services: SessionServices,
  sessions: SessionMap,
  device: Device
): Effect.Effect<ClientCredentials, SessionError> =>
  using(sessions, device, (entry) =>
    withClock((clock) => {
      if (entry.state.credentials !== undefined) return Effect.succeed(entry.state.credentials)
      const failure = SessionState.failureAt(entry.state, clock.unsafeCurrentTimeMillis())
      if (failure !== undefined && !entry.registering.isRunning) return Effect.fail(failure)
      return Effect.flatMap(open(services, device, entry), (session) =>
        Effect.map(Credentials.obtain(services, session), (stored) => stored.credentials)
      )
    })
  )

/** A token in memory can be used. */
const countHit = (fiber: Fiber.RuntimeFiber<unknown, unknown>, health: HealthRecord): void => {
  health.tokenHits += 1
  Metrics.tokenHits.unsafeUpdate(1, fiber.getFiberRef(FiberRef.currentMetricLabels))
}

/** A token has to be obtained, or cannot be. */
const countMiss = (fiber: Fiber.RuntimeFiber<unknown, unknown>, health: HealthRecord): void => {
  health.tokenMisses += 1
  Metrics.tokenMisses.unsafeUpdate(1, fiber.getFiberRef(FiberRef.currentMetricLabels))
}

const accessToken = (
  services: SessionServices,
  sessions: SessionMap,
  device: Device
): Effect.Effect<AccessToken, SessionError> =>
  Effect.withFiberRuntime((fiber) => {
    const now = Context.get(fiber.currentDefaultServices, Clock.Clock).unsafeCurrentTimeMillis()
    const ready = sessions.token(Redacted.value(device.id), now)
    if (ready === undefined) return refreshed(services, sessions, device, now, fiber)
    countHit(fiber, services.health)
    return Effect.succeed(ready)
  })

/** The token in use while it is valid, refreshed in the background; otherwise the one that the flight obtains. */
const refreshed = (
  services: SessionServices,
  sessions: SessionMap,
  device: Device,
  now: number,
  fiber: Fiber.RuntimeFiber<unknown, unknown>
): Effect.Effect<AccessToken, SessionError> =>
  using(sessions, device, (entry) => {
    const { state } = entry
    const current = SessionState.step(state, now) === "Obtain" ? undefined : state.token
    const failure = entry.refreshing.isRunning ? undefined : SessionState.failureAt(state, now)
    const flight = Effect.zipRight(
      Metric.set(Metrics.sessions, sessions.size),
      Effect.flatMap(open(services, device, entry), (session) =>
        Token.start(services, session, { background: current !== undefined })
      )
    )
    if (current === undefined) {
      countMiss(fiber, services.health)
      return failure === undefined ? Effect.flatMap(flight, Deferred.await) : Effect.fail(failure)
    }
    countHit(fiber, services.health)
    return entry.refreshing.isRunning || failure !== undefined
      ? Effect.succeed(current)
      : Effect.as(flight, current)
  })

const tell = (
  services: SessionServices,
  sessions: SessionMap,
  device: Device,
  fact: SessionState.Fact
): Effect.Effect<void> =>
  using(sessions, device, (entry) =>
    Effect.flatMap(open(services, device, entry), (session) => services.apply(session, fact))
  )

const forget = (
  services: SessionServices,
  sessions: SessionMap,
  device: Device
): Effect.Effect<void, CredentialStoreError> =>
  using(sessions, device, (entry) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const session = yield* open(services, device, entry)
        // From here on no flight writes the credentials back. Calls after the removal start a new session.
        yield* services.apply(session, { _tag: "Forgetting" })
        const flightsEnded = Effect.whileLoop({
          while: () => entry.registering.isRunning || entry.refreshing.isRunning,
          body: () => Effect.zipRight(entry.refreshing.ended, entry.registering.ended),
          step: () => {}
        })
        yield* Effect.onError(
          restore(Effect.zipRight(flightsEnded, services.store.remove(session.key))),
          () => services.apply(session, { _tag: "ForgettingFailed" })
        )
        sessions.remove(entry)
        yield* services.apply(session, { _tag: "Forgotten" })
      })
    )
  )

/** Changes what is known about replaced credentials. */
const changeReplacements =
  (
    health: HealthRecord,
    events: PubSub.PubSub<SessionEvent>,
    replacements: Ref.Ref<Replacements>
  ): SessionServices["replacing"] =>
  ({ key }, change) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) =>
      Effect.flatMap(
        Ref.modify(replacements, (before) => {
          const [result, after] = change(before, at)
          health.refusingAt = after.isIncident ? after.refusedAt : never
          const started = after.isIncident && !before.isIncident
          const ended = before.isIncident && !after.isIncident
          const event: Incident | undefined = started
            ? { _tag: "IncidentStarted" }
            : ended
              ? { _tag: "IncidentEnded" }
              : undefined
          return [{ result, event }, after] as const
        }),
        ({ event, result }) =>
          event === undefined
            ? Effect.succeed(result)
            : Effect.as(PubSub.publish(events, { ...event, session: key }), result)
      )
    )

/** Applies a fact to a session: the only place where its state changes. */
const applyTo =
  (
    events: PubSub.PubSub<SessionEvent>,
    rules: Setting.Checked<typeof Options.sessions>
  ): SessionServices["apply"] =>
  ({ entry, key }, fact) =>
    Effect.flatMap(
      Ref.modify(entry, (state) => {
        const [next, told] = SessionState.next(state, fact, rules)
        return [told, next] as const
      }),
      (told) =>
        told.length === 0
          ? Effect.void
          : PubSub.publishAll(
              events,
              told.map((event) => ({ ...event, session: key }))
            )
    )

/**
 * The sessions of the registered application; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: SessionsOptions = {}
): Effect.Effect<
  Sessions,
  InvalidInput,
  ClientRegistration | CredentialStore | RegisteredApplication | Scope.Scope | TokenEndpoint
> =>
  Effect.gen(function* () {
    const checked = yield* Options.sessions.checkNames(options, "sessions")
    const events = yield* Effect.acquireRelease(PubSub.sliding<SessionEvent>(1024), PubSub.shutdown)
    const sessions = new SessionMap(checked.capacity)
    const application = yield* RegisteredApplication
    const store = yield* CredentialStore
    const health = yield* currentHealth
    const services: SessionServices = {
      application,
      registration: yield* ClientRegistration,
      tokenEndpoint: yield* TokenEndpoint,
      store: measured(store, health.store),
      isInMemory: isInMemory(store),
      health,
      options: checked,
      scope: yield* Effect.scope,
      warn: yield* Warnings.make(application),
      use: yield* Warnings.makeUse(application),
      apply: applyTo(events, checked),
      replacing: changeReplacements(
        health,
        events,
        yield* Ref.make(initialReplacements(checked.replacements))
      )
    }
    return {
      credentials: (device) => credentials(services, sessions, device),
      accessToken: (device) => accessToken(services, sessions, device),
      reject: (device, token) =>
        Effect.flatMap(Clock.currentTimeMillis, (at) =>
          tell(services, sessions, device, { _tag: "Rejected", token, at })
        ),
      accept: (device, token) => tell(services, sessions, device, { _tag: "Accepted", token }),
      forget: (device) => forget(services, sessions, device),
      warm: (devices) => warm(services, sessions, devices),
      state: (device) => Effect.sync(() => sessions.peek(Redacted.value(device.id))),
      events: Stream.fromPubSub(events),
      size: Effect.sync(() => sessions.size)
    }
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: SessionsOptions) => Layer.scoped(Sessions, make(options))

import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Readable from "effect/Readable"
import * as Ref from "effect/Ref"
import type { AccessToken } from "../../AccessToken.js"
import type { SessionError } from "../../AdobePassError.js"
import type { StoredSession } from "../../CredentialStore.js"
import type { SessionKey } from "../../SessionKey.js"
import { initial, type SessionState } from "../../SessionState.js"
import { SingleFlight } from "../singleFlight.js"

const refVariance: Ref.Ref.Variance<SessionState>[Ref.RefTypeId] = { _A: (state) => state }

/**
 * A session in memory: the `Ref` of its state, and the flights that obtain credentials and tokens for it.
 *
 * It implements `Ref` itself because the `Ref` of `Ref.make` takes several times the memory, and because a flight is started
 * in the same step in which the state is read.
 */
export class SessionEntry extends Effectable.Class<SessionState> implements Ref.Ref<SessionState> {
  readonly registering = new SingleFlight<StoredSession, SessionError>()
  readonly refreshing = new SingleFlight<AccessToken, SessionError>()
  /** The key of the session, once it was needed. */
  key: SessionKey | undefined = undefined
  /** How many operations have looked the session up and not ended. */
  users = 0
  /** Whether it waits for being packed, see `SessionMap`. */
  isQueued = false
  readonly id: string
  place = -1
  usedAt = 0
  #state: SessionState

  /** `id`: of the device. */
  constructor(id: string, state: SessionState = initial) {
    super()
    this.id = id
    this.#state = state
  }

  get [Ref.RefTypeId]() {
    return refVariance
  }
  get [Readable.TypeId](): Readable.TypeId {
    return Readable.TypeId
  }

  /** The state at this moment. */
  get state(): SessionState {
    return this.#state
  }

  get get(): Effect.Effect<SessionState> {
    return Effect.sync(() => this.#state)
  }

  modify<B>(f: (state: SessionState) => readonly [B, SessionState]): Effect.Effect<B> {
    return Effect.sync(() => {
      const [result, state] = f(this.#state)
      this.#state = state
      return result
    })
  }

  override commit(): Effect.Effect<SessionState> {
    return this.get
  }

  /**
   * Whether memory must keep the session: it is about to be changed or removed, or is so already, or has credentials that
   * could not be saved and are nowhere else.
   */
  get isPinned(): boolean {
    const { forgotten, issued } = this.#state
    return (
      this.users > 0 ||
      this.registering.isRunning ||
      this.refreshing.isRunning ||
      forgotten ||
      issued !== undefined
    )
  }
}

import type * as Deferred from "effect/Deferred"
import type { AccessToken } from "../AccessToken.js"
import type { SessionError } from "../AdobePassError.js"
import type { ClientCredentials } from "../ClientCredentials.js"
import type { SessionKey } from "../SessionKey.js"
import * as SessionState from "../SessionState.js"

interface Affairs {
  readonly unsaved: ClientCredentials | undefined
  readonly replaced: boolean
  readonly forgotten: boolean
  readonly failure:
    | { readonly error: SessionError; readonly since: number; readonly until: number }
    | undefined
  readonly registering: Deferred.Deferred<ClientCredentials, SessionError> | undefined
  readonly refreshing: Deferred.Deferred<AccessToken, SessionError> | undefined
}

const none: Affairs = {
  unsaved: undefined,
  replaced: false,
  forgotten: false,
  failure: undefined,
  registering: undefined,
  refreshing: undefined
}

/**
 * A session in memory. A million of them rest and have no affairs, so those share one object. @internal
 */
export class Cell {
  state: SessionState.SessionState = SessionState.unregistered
  key: SessionKey | undefined = undefined
  /** See `Recent`. */
  movedAt = 0
  private affairs: Affairs = none

  private change(change: Partial<Affairs>): void {
    const next = { ...this.affairs, ...change }
    const resting =
      next.unsaved === undefined &&
      !next.replaced &&
      !next.forgotten &&
      next.failure === undefined &&
      next.registering === undefined &&
      next.refreshing === undefined
    this.affairs = resting ? none : next
  }

  /** A pair that was issued but could not be stored yet: the next registration saves it instead of making another. */
  get unsaved(): Affairs["unsaved"] {
    return this.affairs.unsaved
  }
  set unsaved(unsaved: Affairs["unsaved"]) {
    this.change({ unsaved })
  }

  /** Whether the pair replaced one that was refused, and has not given a token yet: it is not replaced as well. */
  get replaced(): boolean {
    return this.affairs.replaced
  }
  set replaced(replaced: boolean) {
    this.change({ replaced })
  }

  get forgotten(): boolean {
    return this.affairs.forgotten
  }
  set forgotten(forgotten: boolean) {
    this.change({ forgotten })
  }

  get failure(): Affairs["failure"] {
    return this.affairs.failure
  }
  set failure(failure: Affairs["failure"]) {
    this.change({ failure })
  }

  get registering(): Affairs["registering"] {
    return this.affairs.registering
  }
  set registering(registering: Affairs["registering"]) {
    this.change({ registering })
  }

  get refreshing(): Affairs["refreshing"] {
    return this.affairs.refreshing
  }
  set refreshing(refreshing: Affairs["refreshing"]) {
    this.change({ refreshing })
  }
}

/** Authentication sessions, by their codes. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Session as StoredSession } from "../../SavedState.js"
import { bounded } from "./bounded.js"

export const sessionMillis = 30 * 60_000

/** As Adobe's codes: seven letters and digits. Those that look alike are left out, because people type them. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

export const newCode: Effect.Effect<string> = Effect.map(
  Effect.replicateEffect(Random.nextIntBetween(0, alphabet.length), 7),
  (drawn) => Array.from(drawn, (index) => alphabet.charAt(index)).join("")
)

const holder = ({ clientId, device, serviceProvider }: StoredSession): string =>
  JSON.stringify([clientId, device, serviceProvider])

export class SessionStore {
  readonly #byCode = bounded<StoredSession>()
  /** The code of the last session of each device with a service provider. */
  readonly #last = bounded<string>()

  /** Ends the older session of the same device and service provider. */
  add(session: StoredSession): void {
    const older = this.find(this.#last.get(holder(session)) ?? "")
    if (older !== undefined) this.update({ ...older, replaced: true })
    this.#last.set(holder(session), session.code)
    this.update(session)
  }

  update(session: StoredSession): void {
    this.#byCode.set(session.code, session)
  }

  find(code: string): StoredSession | undefined {
    return this.#byCode.get(code)
  }

  all(): ReadonlyArray<StoredSession> {
    return this.#byCode.values()
  }

  replaceAll(sessions: ReadonlyArray<StoredSession>): void {
    this.#byCode.clear()
    this.#last.clear()
    for (const session of sessions) {
      this.update(session)
      if (!session.replaced) this.#last.set(holder(session), session.code)
    }
  }
}

export const isOpen = (session: StoredSession, nowMillis: number): boolean =>
  !session.replaced && nowMillis < session.notAfter

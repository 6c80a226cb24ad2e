/** Authentication sessions, by their codes. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { bounded } from "./bounded.js"
import { Subjects } from "./subjects.js"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** What a person or an application still has to say, each of which may be missing. */
export const Parameters = Schema.Struct({
  mvpd: optional(Schema.String),
  domainName: optional(Schema.String),
  redirectUrl: optional(Schema.String)
})

export interface Parameters extends Schema.Schema.Type<typeof Parameters> {}

/** A session belongs to the device that it was created on; a second screen may resume it. */
export const StoredSession = Schema.Struct({
  code: Schema.String,
  sessionId: Schema.String,
  serviceProvider: Schema.String,
  clientId: Schema.String,
  device: Schema.String,
  info: optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  address: optional(Schema.String),
  subjects: Subjects,
  parameters: Parameters,
  notBefore: Schema.Number,
  notAfter: Schema.Number,
  /** Another session of the same device has taken its place. */
  replaced: Schema.Boolean
})

export interface StoredSession extends Schema.Schema.Type<typeof StoredSession> {}

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

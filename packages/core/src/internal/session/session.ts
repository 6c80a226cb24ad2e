import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SessionError } from "../../AdobePassError.js"
import type { ClientRegistration } from "../../ClientRegistration.js"
import type { CredentialStore } from "../../CredentialStore.js"
import type { Device } from "../../Device.js"
import type * as Options from "../../Options.js"
import type { RegisteredApplication } from "../../RegisteredApplication.js"
import * as SessionKey from "../../SessionKey.js"
import type { Fact } from "../../SessionState.js"
import type * as Setting from "../../Setting.js"
import type { TokenEndpoint } from "../../TokenEndpoint.js"
import type { HealthRecord } from "../health/healthRecord.js"
import type { Use, Warn } from "../warnings.js"
import type { Replacements } from "./replacements.js"
import type { SessionEntry } from "./sessionEntry.js"

/** A session together with its device and key. */
export interface Session {
  readonly device: Device
  readonly key: SessionKey.SessionKey
  readonly entry: SessionEntry
}

/** What sessions need to obtain credentials and tokens. */
export interface SessionServices {
  readonly application: RegisteredApplication
  readonly registration: ClientRegistration
  readonly tokenEndpoint: TokenEndpoint
  readonly store: CredentialStore
  /** Whether what it keeps is lost with the process. */
  readonly isInMemory: boolean
  readonly health: HealthRecord
  readonly options: Setting.Checked<typeof Options.sessions>
  /** The scope in which flights run. */
  readonly scope: Scope.Scope
  readonly warn: Warn
  readonly use: Use
  /** Changes the state of a session and publishes the events. */
  readonly apply: (session: Session, fact: Fact) => Effect.Effect<void>
  /** Changes what is known about replaced credentials, and publishes the events. */
  readonly replacing: <A>(
    session: Session,
    change: (state: Replacements, at: number) => readonly [A, Replacements]
  ) => Effect.Effect<A>
}

const withKey = (
  { application }: SessionServices,
  device: Device,
  entry: SessionEntry
): Effect.Effect<Session> =>
  entry.key !== undefined
    ? Effect.succeed({ device, key: entry.key, entry })
    : Effect.map(SessionKey.make(application, device), (key) => {
        entry.key = key
        return { device, key, entry }
      })

/** The session of a device, with its key. */
export const open = (
  services: SessionServices,
  device: Device,
  entry: SessionEntry
): Effect.Effect<Session> => {
  const warning = services.use.notice()
  const session = withKey(services, device, entry)
  return warning === undefined ? session : Effect.zipRight(services.warn(warning), session)
}

/** Work whose failure the session remembers; `background` when the valid token stays in use meanwhile. */
export const remembering = <A>(
  { apply }: SessionServices,
  session: Session,
  work: Effect.Effect<A, SessionError>,
  background = false
): Effect.Effect<A, SessionError> =>
  Effect.tapError(work, (error) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) =>
      apply(session, { _tag: "Failed", error, at, background, spread: SessionKey.fraction(session.key) })
    )
  )

/** The sessions in memory: the recently used ones as entries, idle ones packed, and no more than the capacity. */
import * as Redacted from "effect/Redacted"
import { AccessToken } from "../../AccessToken.js"
import { ClientCredentials } from "../../ClientCredentials.js"
import type { SessionKey } from "../../SessionKey.js"
import { initial, SessionState, step } from "../../SessionState.js"
import { LruMap } from "../lruMap.js"
import { SessionEntry } from "./sessionEntry.js"

/** What the sessions of an application have in common. */
type Profile = Pick<
  ClientCredentials,
  "redirectUris" | "grantTypes" | "scopes" | "environment" | "statement"
> & { readonly tokenScopes: ReadonlyArray<string> }

/** An application has one profile. The limit protects memory from a store whose records all differ. */
const maximumProfiles = 1000

/**
 * An idle session with credentials and a token, at a third of the memory of an entry. Its token can be read as it is. The
 * credentials, which only a change of the session needs, are text in private fields, which are never printed: each
 * `Redacted` adds an entry to a weak map, which slows the garbage collector down.
 */
class PackedSession {
  readonly token: AccessToken
  readonly refreshAt: number
  movedAt = 0
  readonly #clientId: string
  readonly #clientSecret: string
  readonly #issuedAt: number
  readonly #key: SessionKey
  readonly #profile: Profile

  constructor(credentials: ClientCredentials, token: AccessToken, refreshAt: number, profile: Profile) {
    const scopes = profile.tokenScopes
    this.token = scopes === token.scopes ? token : new AccessToken({ ...token, scopes }, true)
    this.refreshAt = refreshAt
    this.#clientId = Redacted.value(credentials.clientId)
    this.#clientSecret = Redacted.value(credentials.clientSecret)
    this.#issuedAt = credentials.issuedAt
    this.#key = credentials.session
    this.#profile = profile
  }

  unpack(): SessionEntry {
    const { tokenScopes: _, ...profile } = this.#profile
    const credentials = new ClientCredentials(
      {
        ...profile,
        clientId: Redacted.make(this.#clientId),
        clientSecret: Redacted.make(this.#clientSecret),
        issuedAt: this.#issuedAt,
        session: this.#key
      },
      true
    )
    const { refreshAt, token } = this
    const entry = new SessionEntry(new SessionState({ ...initial, credentials, token, refreshAt }))
    entry.key = this.#key
    return entry
  }
}

/** Entries that are not packed, however long they are idle; with a small capacity a sixteenth of it. */
const maximumEntries = 2048

export class SessionMap {
  readonly #capacity: number
  readonly #maximumEntries: number
  /** The number of entries above which some are moved to the idle sessions. */
  #retireAbove: number
  readonly #entries = new LruMap<SessionEntry>()
  /** Packed, unless there is more to a session than credentials and a token. */
  readonly #idle = new LruMap<PackedSession | SessionEntry>()
  readonly #profiles = new Map<string, Profile>()

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#maximumEntries = Math.max(1, Math.min(capacity >> 4, maximumEntries))
    this.#retireAbove = this.#maximumEntries
  }

  get size(): number {
    return this.#entries.size + this.#idle.size
  }

  /** The token of a session, if it can be used at `now` and is not due. */
  token(id: string, now: number): AccessToken | undefined {
    const found = this.#entries.use(id)?.state ?? this.#idle.use(id)
    if (found === undefined) return undefined
    const state = found instanceof SessionEntry ? found.state : found
    return step(state, now) === "Use" ? state.token : undefined
  }

  /** The session of a device, to be changed. */
  use(id: string): SessionEntry {
    return this.#entries.use(id) ?? this.#activate(id)
  }

  /** The state of a session, without using it. */
  peek(id: string): SessionState {
    const found = this.#entries.get(id) ?? this.#idle.get(id)
    if (found === undefined) return initial
    return (found instanceof SessionEntry ? found : found.unpack()).state
  }

  /** Removes a session, unless there is another one of the device by now. */
  remove(id: string, entry: SessionEntry): void {
    if (this.#entries.get(id) === entry) this.#entries.delete(id)
  }

  #activate(id: string): SessionEntry {
    const idle = this.#idle.get(id)
    this.#idle.delete(id)
    const entry =
      idle === undefined ? new SessionEntry() : idle instanceof SessionEntry ? idle : idle.unpack()
    this.#entries.add(id, entry)
    if (this.#entries.size > this.#retireAbove) this.#retire(id)
    if (this.size > this.#capacity) this.#evict()
    return entry
  }

  /**
   * Moves the least recently used entries to the idle sessions: a sixteenth at once, because a walk over a `Map` passes
   * everything that was removed before, and an iterator that stays would retain every table that the map has outgrown.
   * Where pinned entries leave no room, the next walk comes after as many new entries.
   */
  #retire(newest: string): void {
    const batch = this.#maximumEntries >> 4
    let excess = this.#entries.size - this.#maximumEntries + batch
    for (const [id, entry] of this.#entries) {
      if (excess === 0 || id === newest) break
      if (entry.isPinned) continue
      this.#entries.delete(id)
      this.#idle.add(id, this.#pack(entry))
      excess -= 1
    }
    this.#retireAbove = Math.max(this.#maximumEntries, this.#entries.size + batch)
  }

  /** Removes the least recently used idle sessions, a hundredth of the capacity at once. */
  #evict(): void {
    let excess = this.size - this.#capacity + Math.floor(this.#capacity / 100)
    for (const id of this.#idle.keys()) {
      if (excess === 0) return
      this.#idle.delete(id)
      excess -= 1
    }
  }

  #pack(entry: SessionEntry): PackedSession | SessionEntry {
    const { credentials, failure, issued, refreshAt, rejected, renewals, token, untested } = entry.state
    const isPlain =
      failure === undefined &&
      issued === undefined &&
      rejected === undefined &&
      untested === undefined &&
      renewals <= 3
    if (!isPlain || credentials === undefined || token === undefined) return entry
    return new PackedSession(credentials, token, refreshAt, this.#profileOf(credentials, token))
  }

  #profileOf(credentials: ClientCredentials, token: AccessToken): Profile {
    const { environment, grantTypes, redirectUris, scopes, statement } = credentials
    const profile = { redirectUris, grantTypes, scopes, environment, statement, tokenScopes: token.scopes }
    const name = JSON.stringify(profile)
    const known = this.#profiles.get(name)
    if (known === undefined && this.#profiles.size < maximumProfiles) this.#profiles.set(name, profile)
    return known ?? profile
  }
}

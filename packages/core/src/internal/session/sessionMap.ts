/** The sessions in memory: some as entries, to be changed, the others packed, and no more than the capacity. */
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
 * credentials, which only a change of the session needs, are made when it comes.
 */
class PackedSession {
  readonly id: string
  place = -1
  usedAt = 0
  readonly token: AccessToken
  readonly refreshAt: number
  readonly #clientId: string
  readonly #clientSecret: string
  readonly #issuedAt: number
  readonly #key: SessionKey
  readonly #profile: Profile

  constructor(
    id: string,
    credentials: ClientCredentials,
    token: AccessToken,
    refreshAt: number,
    profile: Profile
  ) {
    this.id = id
    const { expiresAt, issuedAt } = token
    const value = AccessToken.textOf(token)
    this.token = new AccessToken({ value, issuedAt, expiresAt, scopes: profile.tokenScopes })
    this.refreshAt = refreshAt
    const { clientId, clientSecret } = ClientCredentials.textsOf(credentials)
    this.#clientId = clientId
    this.#clientSecret = clientSecret
    this.#issuedAt = credentials.issuedAt
    this.#key = credentials.session
    this.#profile = profile
  }

  unpack(): SessionEntry {
    const { tokenScopes: _, ...profile } = this.#profile
    const credentials = new ClientCredentials({
      ...profile,
      clientId: this.#clientId,
      clientSecret: this.#clientSecret,
      issuedAt: this.#issuedAt,
      session: this.#key
    })
    const { refreshAt, token } = this
    const entry = new SessionEntry(this.id, new SessionState({ ...initial, credentials, token, refreshAt }))
    entry.key = this.#key
    return entry
  }
}

/** Entries that are not packed; with a small capacity a sixteenth of it. */
const maximumEntries = 2048

const mayGo = (session: PackedSession | SessionEntry): boolean =>
  session instanceof PackedSession || !session.isPinned

export class SessionMap {
  readonly #capacity: number
  readonly #maximumEntries: number
  /** Packed, unless a session is being changed or there is more to it than credentials and a token. */
  readonly #sessions: LruMap<PackedSession | SessionEntry>
  /** The entries in the order in which they came, to be packed. */
  readonly #queue: Array<SessionEntry> = []
  /** The length of the queue above which some entries are packed. */
  #packAbove: number
  readonly #profiles = new Map<string, Profile>()

  /** `random`: as of `LruMap`. */
  constructor(capacity: number, random?: () => number) {
    this.#capacity = capacity
    this.#maximumEntries = Math.max(1, Math.min(capacity >> 4, maximumEntries))
    this.#packAbove = this.#maximumEntries
    this.#sessions = new LruMap(random)
  }

  get size(): number {
    return this.#sessions.size
  }

  /** The token of a session, if it can be used at `now` and is not due. */
  token(id: string, now: number): AccessToken | undefined {
    const found = this.#sessions.use(id)
    if (found === undefined) return undefined
    const state = found instanceof SessionEntry ? found.state : found
    return step(state, now) === "Use" ? state.token : undefined
  }

  /** The session of a device, to be changed. */
  use(id: string): SessionEntry {
    const found = this.#sessions.use(id)
    const entry =
      found === undefined ? this.#add(id) : found instanceof SessionEntry ? found : this.#unpack(found)
    if (!entry.isQueued) this.#enqueue(entry)
    return entry
  }

  /** The state of a session, without using it. */
  peek(id: string): SessionState {
    const found = this.#sessions.get(id)
    if (found === undefined) return initial
    return (found instanceof SessionEntry ? found : found.unpack()).state
  }

  /** Removes a session, unless there is another one of the device by now. */
  remove(entry: SessionEntry): void {
    this.#sessions.delete(entry)
  }

  #add(id: string): SessionEntry {
    if (this.#sessions.size >= this.#capacity) this.#evict()
    const entry = new SessionEntry(id)
    this.#sessions.add(entry)
    return entry
  }

  /** Makes room for a session. Two may go for each that comes, so that those go that could not go before. */
  #evict(): void {
    for (let gone = 0; gone < 2 && this.#sessions.size >= this.#capacity; gone++) {
      const oldest = this.#sessions.oldest(mayGo)
      if (oldest === undefined) return
      this.#sessions.delete(oldest)
    }
  }

  #unpack(packed: PackedSession): SessionEntry {
    const entry = packed.unpack()
    this.#sessions.replace(packed, entry)
    return entry
  }

  #enqueue(entry: SessionEntry): void {
    if (this.#queue.length >= this.#packAbove) this.#packSome()
    this.#queue.push(entry)
    entry.isQueued = true
  }

  /** Packs the first sixteenth of the entries. Where many are pinned, the next turn comes after as many new entries. */
  #packSome(): void {
    const batch = Math.max(1, this.#maximumEntries >> 4)
    const excess = Math.max(batch, this.#queue.length - this.#maximumEntries + batch)
    for (const entry of this.#queue.splice(0, excess)) {
      if (entry.isPinned) this.#queue.push(entry)
      else {
        entry.isQueued = false
        if (entry.place >= 0) this.#pack(entry)
      }
    }
    this.#packAbove = Math.max(this.#maximumEntries, this.#queue.length + batch)
  }

  #pack(entry: SessionEntry): void {
    const { credentials, failure, issued, refreshAt, rejected, renewals, token, untested } = entry.state
    const isPlain =
      failure === undefined &&
      issued === undefined &&
      rejected === undefined &&
      untested === undefined &&
      renewals <= 3
    if (!isPlain || credentials === undefined || token === undefined) return
    const profile = this.#profileOf(credentials, token)
    this.#sessions.replace(entry, new PackedSession(entry.id, credentials, token, refreshAt, profile))
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

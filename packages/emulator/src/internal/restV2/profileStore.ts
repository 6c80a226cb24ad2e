/** Who is signed in: profiles, each bound to a client, a device, a service provider and an MVPD. */
import * as Schema from "effect/Schema"
import { bounded } from "./bounded.js"
import { Subjects } from "./subjects.js"

export const StoredProfile = Schema.Struct({
  clientId: Schema.String,
  device: Schema.String,
  serviceProvider: Schema.String,
  mvpd: Schema.String,
  type: Schema.Literal("regular", "appleSSO"),
  user: Schema.String,
  subjects: Subjects,
  notBefore: Schema.Number,
  notAfter: Schema.Number,
  /** The profile was revoked, and is remembered so that a decision can say so. */
  invalidated: Schema.Boolean
})

export interface StoredProfile extends Schema.Schema.Type<typeof StoredProfile> {}

/** Whose profiles are meant. */
export interface Holder {
  readonly clientId: string
  readonly device: string
  readonly serviceProvider: string
}

const key = ({ clientId, device, mvpd, serviceProvider }: Holder & { readonly mvpd: string }): string =>
  JSON.stringify([clientId, device, serviceProvider, mvpd])

export const isValid = (profile: StoredProfile, nowMillis: number): boolean =>
  !profile.invalidated && nowMillis < profile.notAfter

export class ProfileStore {
  readonly #profiles = bounded<StoredProfile>()

  put(profile: StoredProfile): void {
    this.#profiles.set(key(profile), profile)
  }

  find(holder: Holder, mvpd: string): StoredProfile | undefined {
    return this.#profiles.get(key({ ...holder, mvpd }))
  }

  remove(profile: StoredProfile): void {
    this.#profiles.delete(key(profile))
  }

  /** Changes each profile that a script means. */
  change(isMeant: (profile: StoredProfile) => boolean, change: Partial<StoredProfile>): void {
    for (const profile of this.#profiles.values()) if (isMeant(profile)) this.put({ ...profile, ...change })
  }

  all(): ReadonlyArray<StoredProfile> {
    return this.#profiles.values()
  }

  replaceAll(profiles: ReadonlyArray<StoredProfile>): void {
    this.#profiles.clear()
    for (const profile of profiles) this.put(profile)
  }
}

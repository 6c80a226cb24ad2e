/** Who is signed in: profiles, each bound to a client, a device, a service provider and an MVPD. */
import type { Profile as StoredProfile } from "../../SavedState.js"
import { bounded } from "./bounded.js"

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

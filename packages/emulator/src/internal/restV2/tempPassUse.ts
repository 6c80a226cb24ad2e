/** What has been used of temporary accesses, each from its first use on. */
import * as Crypto from "node:crypto"
import type { TempPassUse as Use } from "../../SavedState.js"
import type { TempPass } from "../../World.js"
import { bounded } from "./bounded.js"

const keyOf = ({ holder, mvpd, serviceProvider }: Holding): string =>
  JSON.stringify([serviceProvider, mvpd, holder])

/** Which temporary access of whom. */
export type Holding = Pick<Use, "serviceProvider" | "mvpd" | "holder">

export class TempPassUses {
  readonly #uses = bounded<Use>()

  find(holding: Holding): Use | undefined {
    return this.#uses.get(keyOf(holding))
  }

  put(use: Use): void {
    this.#uses.set(keyOf(use), use)
  }

  /** Gives temporary access back. */
  reset(isMeant: (use: Use) => boolean): void {
    for (const use of this.#uses.values()) if (isMeant(use)) this.#uses.delete(keyOf(use))
  }

  all(): ReadonlyArray<Use> {
    return this.#uses.values()
  }

  replaceAll(uses: ReadonlyArray<Use>): void {
    this.#uses.clear()
    for (const use of uses) this.put(use)
  }
}

const sha256 = (text: string): string => Crypto.createHash("sha256").update(text).digest("hex")

/** A basic TempPass belongs to a device. Only a hash of it is kept. */
export const deviceHolder = (device: string): string => sha256(`device ${device}`)

/** A promotional TempPass belongs to a person, by one attribute that applications ought to hash themselves. */
export const identityHolder = (attribute: string): string =>
  /^[0-9a-f]{64}$/.test(attribute) ? attribute : sha256(attribute)

export const endOf = ({ seconds }: TempPass, use: Use): number => use.since + seconds * 1000

export type Limit = "temporary_access_duration_limit_exceeded" | "temporary_access_resources_limit_exceeded"

/** The limit that a TempPass has reached, for anything (no `resource`) or for one resource. */
export const limitOf = (
  pass: TempPass,
  use: Use,
  nowMillis: number,
  resource?: string
): Limit | undefined => {
  if (nowMillis >= endOf(pass, use)) return "temporary_access_duration_limit_exceeded"
  const isUsed = resource !== undefined && use.used.includes(resource)
  return pass.resources !== undefined && use.used.length >= pass.resources && !isUsed
    ? "temporary_access_resources_limit_exceeded"
    : undefined
}

/** What has been used of temporary accesses, each from its first use on. */
import * as Crypto from "node:crypto"
import * as Schema from "effect/Schema"
import type { Mvpd, TempPass } from "../../World.js"
import { bounded } from "./bounded.js"

export const Use = Schema.Struct({
  holder: Schema.String,
  since: Schema.Number,
  /** The resources of a promotional TempPass. */
  used: Schema.Array(Schema.String)
})

export interface Use extends Schema.Schema.Type<typeof Use> {}

export class TempPassUses {
  readonly #uses = bounded<Use>()

  find(holder: string): Use | undefined {
    return this.#uses.get(holder)
  }

  put(use: Use): void {
    this.#uses.set(use.holder, use)
  }

  /** Gives a TempPass back to one device, or to all. */
  reset(isMeant: (use: Use) => boolean): void {
    for (const use of this.#uses.values()) if (isMeant(use)) this.#uses.delete(use.holder)
  }

  all(): ReadonlyArray<Use> {
    return this.#uses.values()
  }

  replaceAll(uses: ReadonlyArray<Use>): void {
    this.#uses.clear()
    for (const use of uses) this.put(use)
  }
}

/** Whom a TempPass belongs to: a device, or the identity of a promotional one. Only a hash of it is kept. */
export const holderOf = (
  serviceProvider: string,
  mvpd: Mvpd,
  device: string,
  identity: Readonly<Record<string, string>> | undefined
): string => {
  const who = identity === undefined ? `device ${device}` : `identity ${JSON.stringify(identity)}`
  const hash = Crypto.createHash("sha256").update(who).digest("base64url")
  return JSON.stringify([serviceProvider, mvpd.id, hash])
}

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

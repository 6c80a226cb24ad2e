import type { Warning } from "../../Warnings.js"

/** The difference, in milliseconds, from which on what is valid and what has expired are mistaken for each other. */
const harmful = 300_000

/** By how much two answers of a server whose clock is off may differ. */
const tolerance = 60_000

/** A server that tells an earlier time, here the start of 2020, is one of a test: its clock starts in 1970. */
const earliest = 1_577_836_800_000

/** Watches how far Adobe's clock is ahead, which two answers in a row have to agree on: one may be an old one. */
export class ClockSkew {
  #last = 0

  /** Notes a difference in milliseconds at the time of the server, and returns what there is to warn about. */
  notice(skew: number, serverTime: number): Warning | undefined {
    const agree = Math.abs(skew - this.#last) <= tolerance
    this.#last = skew
    if (!agree || Math.abs(skew) <= harmful || serverTime < earliest) return undefined
    return skew > 0 ? "ClockBehind" : "ClockAhead"
  }
}

/**
 * How many refused pairs of credentials an application may replace, and when.
 *
 * A refusal says little about one pair: the token endpoint may refuse every pair for a while, and a device that is
 * registered again signs its users out for nothing. So replacements are counted for the application as a whole. While none
 * has proved itself, one is tried at a time. Each that gives a token allows another at once, and a period whose
 * replacements all did doubles those of the next one, so that a real loss of all pairs heals exponentially. One that is
 * refused as well ends the period, and the next one is longer. A refused pair that is accepted again shows that the pairs
 * were not lost, and takes all of it back.
 */
import * as Data from "effect/Data"

/** Times are milliseconds since the epoch. */
export class Replacements extends Data.Class<{
  /** Replacements in a period, while nothing is known. */
  readonly base: number
  /** Replacements in this period. */
  readonly allowed: number
  readonly granted: number
  /** Those granted in this period whose credentials have neither given a token nor been refused. */
  readonly unproven: number
  /** Those whose credentials gave a token, since the last that were refused. */
  readonly proven: number
  /** Whether the credentials of one were refused in this period. */
  readonly failed: boolean
  readonly startedAt: number
  readonly length: number
  /** When a pair was refused last. */
  readonly refusedAt: number
  /** Whether refused pairs had to wait. */
  readonly isIncident: boolean
}> {}

const shortestPeriod = 60_000
const longestPeriod = 300_000

export const initial = (base: number): Replacements =>
  new Replacements({
    base,
    allowed: base,
    granted: 0,
    unproven: 0,
    proven: 0,
    failed: false,
    startedAt: Number.NEGATIVE_INFINITY,
    length: shortestPeriod,
    refusedAt: Number.NEGATIVE_INFINITY,
    isIncident: false
  })

const change = (state: Replacements, changes: Partial<Replacements>): Replacements =>
  new Replacements({ ...state, ...changes })

const allowedNext = ({ allowed, base, failed, granted, unproven }: Replacements): number => {
  if (failed) return 1
  return granted >= allowed && unproven === 0 ? allowed * 2 : Math.max(base, Math.min(allowed, granted * 2))
}

/** The state in the period of `at`. */
const inPeriod = (state: Replacements, at: number): Replacements => {
  if (at >= state.startedAt && at < state.startedAt + state.length) return state
  const isQuiet = at < state.refusedAt || at - state.refusedAt >= longestPeriod
  return isQuiet
    ? change(initial(state.base), { startedAt: at, refusedAt: state.refusedAt })
    : change(state, {
        allowed: allowedNext(state),
        granted: 0,
        unproven: 0,
        failed: false,
        startedAt: at,
        length: state.failed ? Math.min(longestPeriod, state.length * 2) : shortestPeriod
      })
}

const mayGrant = ({ allowed, failed, granted, proven, unproven }: Replacements): boolean =>
  !failed && granted < allowed && unproven <= proven

/** A pair was refused; whether it may still turn out that it can be replaced now. */
export const refused = (state: Replacements, at: number): readonly [boolean, Replacements] => {
  const now = change(inPeriod(state, at), { refusedAt: at })
  return [!now.isIncident || mayGrant(now), now]
}

/** A pair is to be replaced; whether it may be. */
export const request = (state: Replacements, at: number): readonly [boolean, Replacements] => {
  const now = inPeriod(state, at)
  return mayGrant(now)
    ? [true, change(now, { granted: now.granted + 1, unproven: now.unproven + 1 })]
    : [false, change(now, { isIncident: true })]
}

/** The device was not registered after all. */
export const returned = (state: Replacements, at: number): Replacements => {
  const now = inPeriod(state, at)
  return change(now, {
    granted: Math.max(0, now.granted - 1),
    unproven: Math.max(0, now.unproven - 1)
  })
}

/** New credentials gave a token, at once or after they had been refused. */
export const proved = (state: Replacements, at: number): Replacements => {
  const now = inPeriod(state, at)
  return change(now, { unproven: Math.max(0, now.unproven - 1), proven: now.proven + 1, failed: false })
}

/** New credentials were refused as well. */
export const failed = (state: Replacements, at: number): Replacements =>
  change(inPeriod(state, at), { unproven: 0, proven: 0, failed: true })

/** Credentials that had been refused gave a token. */
export const acceptedAgain = (state: Replacements, at: number): Replacements => {
  const now = inPeriod(state, at)
  return change(now, {
    allowed: Math.min(now.allowed, now.base),
    unproven: 0,
    proven: 0,
    failed: false,
    length: shortestPeriod,
    isIncident: false
  })
}

/**
 * Credit for repetitions, so that they stop by themselves in an outage: each costs 5 (10 after a timeout), a success
 * gives back what its repetitions cost, or 1.
 *
 * @internal
 */
export interface RetryQuota {
  readonly charge: (error: { readonly _tag: string }) => number | undefined
  readonly refund: (charged: number) => void
}

/** @internal */
export const make = (capacity: number): RetryQuota => {
  let credit = capacity
  return {
    charge: (error) => {
      const cost = "reason" in error && error.reason === "Timeout" ? 10 : 5
      if (credit < cost) return undefined
      credit -= cost
      return cost
    },
    refund: (charged) => {
      if (credit < capacity) credit = Math.min(capacity, credit + Math.max(1, charged))
    }
  }
}

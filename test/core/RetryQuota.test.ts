import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { RetryQuota } from "effect-adobe-pass"

const make = (capacity: number) => Either.getOrThrow(RetryQuota.make(capacity))
const refused = { _tag: "ServiceUnavailable" }
const timedOut = { _tag: "TransportError", reason: "Timeout" }

/** How often an error may be repeated until the credit is used up. */
const repetitions = ({ charge }: RetryQuota.RetryQuota, error = refused): number => {
  let times = 0
  while (charge(error) !== undefined) times += 1
  return times
}

describe("a quota of repetitions", () => {
  it("takes 5 for a repetition, 10 after a timeout, and nothing that it cannot pay", () => {
    assert.strictEqual(repetitions(make(24)), 4)
    assert.strictEqual(repetitions(make(24), timedOut), 2)
    assert.strictEqual(repetitions(make(0)), 0)
  })

  it("gives back what was charged, or 1", () => {
    const quota = make(10)
    const charged = quota.charge(timedOut)
    assert.strictEqual(charged, 10)
    quota.refund(charged ?? 0)
    assert.strictEqual(repetitions(quota), 2)
    for (let success = 0; success < 5; success++) quota.refund(0)
    assert.strictEqual(repetitions(quota), 1)
  })

  it("holds no more than its capacity, however long all goes well", () => {
    const quota = make(20)
    for (let success = 0; success < 1000; success++) quota.refund(0)
    assert.strictEqual(repetitions(quota), 4)
    quota.refund(5)
    quota.refund(10)
    quota.refund(15)
    assert.strictEqual(repetitions(quota), 4)
  })

  it("refuses a capacity that is no whole number", () => {
    for (const capacity of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.isTrue(Either.isLeft(RetryQuota.make(capacity)))
    }
  })
})

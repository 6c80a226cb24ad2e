import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Option } from "effect"
import { Lease, type SessionKey, type StoreBackend } from "effect-adobe-pass"
import { sampleKey } from "effect-adobe-pass/testing/CredentialStoreContract"
import { contract } from "../support/contract.js"
import { makeDatabase } from "../support/fleetStore.js"
import { advance, runToEnd, settle } from "../support/time.js"

contract("a store in memory with leases", {
  storage: Effect.sync(() => {
    const { layerWith, rows } = makeDatabase({ lease: { ttl: "150 millis" } })
    return {
      layer: layerWith,
      record: (key: SessionKey.SessionKey) => Effect.sync(() => Option.fromNullable(rows.get(key)?.record)),
      damage: (key: SessionKey.SessionKey) =>
        Effect.sync(() => {
          const row = rows.get(key)
          if (row?.record !== undefined) row.record = row.record.slice(0, -40)
        })
    }
  }),
  leaseTtl: "150 millis",
  lists: false
})

const key = sampleKey("a")

/** The lock made of leases, for one use. */
const lockOf =
  (backend: StoreBackend.LeaseBackend, options?: Lease.LeaseOptions) => (key: SessionKey.SessionKey) =>
    Effect.flatMap(Lease.make(backend, options), ({ lock }) => lock(key, Option.none()))

const unavailable = { reason: "Unavailable" } as const

describe("a lease", () => {
  it.effect("is renewed three times within its life until the scope closes, and given back then", () => {
    const { leases, log } = makeDatabase()
    const lock = lockOf(leases, { ttl: "15 seconds" })
    return Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.scoped(Effect.zipRight(lock(key), Effect.sleep("21 seconds"))))
      yield* advance(30_000)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(log, ["acquire", "renew", "renew", "renew", "renew", "release"])
    })
  })

  it.effect("fails as Locked after the longest wait, and asks less and less often until then", () => {
    let asked = 0
    const lock = lockOf(
      {
        acquire: () =>
          Effect.sync(() => {
            asked += 1
            return Option.none()
          }),
        renew: () => Effect.succeed(true),
        compareAndSet: () => Effect.succeed(true),
        release: () => Effect.void
      },
      { wait: "60 seconds" }
    )
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.flip(runToEnd(Effect.scoped(lock(key)))), { reason: "Locked" })
      assert.strictEqual(yield* Clock.currentTimeMillis, 60_000)
      assert.isAbove(asked, 60)
      assert.isBelow(asked, 140)
    })
  })

  it.effect("is waited for no longer in all, first within the process and then for another one", () => {
    const { leases } = makeDatabase()
    let isTaken = false
    const backend: StoreBackend.LeaseBackend = {
      ...leases,
      acquire: (...args) => (isTaken ? Effect.succeedNone : leases.acquire(...args)),
      release: (...args) => {
        isTaken = true
        return leases.release(...args)
      }
    }
    return Effect.gen(function* () {
      const { lock } = yield* Lease.make(backend, { wait: "60 seconds" })
      const held = lock(key, Option.none())
      yield* Effect.fork(Effect.scoped(Effect.zipRight(held, Effect.sleep("40 seconds"))))
      yield* settle
      assert.deepStrictEqual(yield* Effect.flip(runToEnd(Effect.scoped(held))), { reason: "Locked" })
      assert.strictEqual(yield* Clock.currentTimeMillis, 60_000)
    })
  })

  it.effect("is given back although the answer to the request for it was lost", () => {
    const { leases, log } = makeDatabase()
    const lock = lockOf({
      ...leases,
      acquire: (...args) => Effect.zipRight(leases.acquire(...args), Effect.fail(unavailable))
    })
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.flip(Effect.scoped(lock(key))), unavailable)
      assert.deepStrictEqual(log, ["acquire", "release"])
    })
  })

  it.effect("is given back although it was granted after the longest wait, to a request under way", () => {
    const { leases, log } = makeDatabase()
    const lock = lockOf(
      {
        ...leases,
        acquire: (...args) => Effect.uninterruptible(Effect.delay(leases.acquire(...args), "2 seconds"))
      },
      { wait: "1 second" }
    )
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.flip(runToEnd(Effect.scoped(lock(key)))), { reason: "Locked" })
      assert.deepStrictEqual(log, ["acquire", "release"])
    })
  })

  it.effect("is given back although whoever asked for it was interrupted before the answer", () => {
    const { leases, log } = makeDatabase()
    const lock = lockOf({
      ...leases,
      acquire: (...args) => Effect.zipRight(leases.acquire(...args), Effect.never)
    })
    return Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.scoped(lock(key)))
      yield* settle
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, ["acquire", "release"])
    })
  })

  it.effect("outlives a renewal that fails, and is not renewed any more once it is lost", () => {
    const answers: Array<Exit.Exit<boolean, typeof unavailable>> = [
      Exit.fail(unavailable),
      Exit.succeed(true),
      Exit.succeed(false)
    ]
    let renewals = 0
    const { leases } = makeDatabase()
    const lock = lockOf(
      {
        ...leases,
        renew: () =>
          Effect.suspend(() => {
            renewals += 1
            return answers[renewals - 1] ?? Effect.die("renewed after it was lost")
          })
      },
      { ttl: "15 seconds" }
    )
    return Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.scoped(Effect.zipRight(lock(key), Effect.sleep("1 hour"))))
      yield* advance(3_600_000)
      yield* Fiber.join(fiber)
      assert.strictEqual(renewals, 3)
    })
  })

  it.effect(
    "whose holder cannot reach the backend at the end does not hold it up for longer than its life",
    () => {
      const { leases } = makeDatabase()
      const lock = lockOf({ ...leases, release: () => Effect.never }, { ttl: "15 seconds" })
      return Effect.gen(function* () {
        yield* runToEnd(Effect.scoped(lock(key)))
        assert.strictEqual(yield* Clock.currentTimeMillis, 15_000)
      })
    }
  )
})

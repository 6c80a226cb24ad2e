import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Lease } from "../../StoreBackend.js"
import { ensure, type LawOf, law, same } from "./law.js"
import { sampleKey } from "./samples.js"
import { clientId, hold, make, oneAtATime, type Store, waits } from "./store.js"

export const locks: ReadonlyArray<LawOf<Store>> = [
  law("a lock lets one fiber in at a time", function* (store) {
    yield* oneAtATime(Array.from({ length: 10 }, () => store))
  }),
  law("a lock keeps others waiting until the scope of its holder closes", function* ({ lock, pass }) {
    const { release } = yield* hold(lock)
    const second = yield* Effect.forkScoped(pass)
    yield* waits(second, "the second did not wait")
    yield* release
    yield* Fiber.join(second)
  }),
  law("a lock is free again after its holder failed", function* ({ lock, pass }) {
    const failure = yield* Effect.flip(Effect.scoped(Effect.zipRight(lock, Effect.fail("broken"))))
    yield* same(failure, "broken", "the failure of the holder")
    yield* pass
  }),
  law(
    "a lock is free again, and nothing unfinished, after its holder was interrupted",
    function* ({ lock, pass }) {
      const held = yield* Deferred.make<Lease>()
      const holder = Effect.flatMap(lock, ({ lease }) =>
        Effect.zipRight(Deferred.succeed(held, lease), Effect.never)
      )
      const fiber = yield* Effect.forkScoped(Effect.scoped(holder))
      const lease = yield* Effect.raceFirst(Deferred.await(held), Fiber.join(fiber))
      yield* Fiber.interrupt(fiber)
      const next = yield* pass
      yield* ensure(!next.unfinished, "a lock that was given back counts as unfinished")
      yield* ensure(next.owner !== lease.owner, "two holds have the same owner")
    }
  ),
  law("a lock is not blocked by a fiber that was interrupted while it waited", function* ({ lock, pass }) {
    const { release } = yield* hold(lock)
    const second = yield* Effect.forkScoped(pass)
    const third = yield* Effect.forkScoped(pass)
    yield* waits(second, "the second did not wait")
    yield* Fiber.interrupt(second)
    yield* release
    yield* Fiber.join(third)
    yield* pass
  }),
  law("a lock of one session blocks neither other sessions nor reading and saving", function* (store) {
    yield* store.lock
    yield* make(store.service, sampleKey("b")).pass
    yield* store.save(1)
    yield* store.saveToken(1, "t1")
    yield* store.holds(1, "t1")
  }),
  law("a lock lets its holder save, new credentials and a replacement", function* (store) {
    yield* Effect.scoped(Effect.flatMap(store.lock, ({ lease }) => store.save(1, { lease })))
    yield* store.holds(1)
    yield* Effect.scoped(Effect.flatMap(store.lock, ({ lease }) => store.save(2, { replaces: 1, lease })))
    yield* store.holds(2)
    yield* store.pass
  }),
  law("a save under a lock may be repeated, in case its answer was lost", function* ({ holds, lock, save }) {
    const { lease } = yield* lock
    const saved = save(1, { lease, read: Option.none() })
    yield* same([yield* saved, yield* saved], ["client-1", "client-1"], "the answers")
    yield* holds(1)
  }),
  law("a lock tells what the store holds, and whether that was expected", function* (store) {
    const told = (lock: Store["lock"]) =>
      Effect.map(Effect.scoped(lock), ({ isExpected, stored }) => [
        Option.getOrNull(Option.map(stored, clientId)),
        isExpected
      ])
    yield* same(yield* told(store.lock), [null, true], "the hold of a new session")
    yield* store.save(1)
    const first = Option.getOrUndefined(yield* store.load)
    yield* same(yield* told(store.lock), ["client-1", false], "the hold when there is a record")
    if (first === undefined) return yield* ensure(false, "there is no record")
    yield* same(yield* told(store.lockOver(first)), ["client-1", true], "the hold of a known session")
    yield* store.save(2, { replaces: 1 })
    yield* same(yield* told(store.lockOver(first)), ["client-2", false], "the hold of a replaced session")
    yield* store.remove
    yield* same(yield* told(store.lockOver(first)), [null, false], "the hold of a removed session")
  }),
  law("a lock has a larger fencing number with each hold, if it has one", function* ({ pass }) {
    const leases = [yield* pass, yield* pass, yield* pass]
    const fences = leases.flatMap(({ fence }) => (fence === undefined ? [] : [fence]))
    yield* ensure(fences.length === 0 || fences.length === 3, "only some holds have a fencing number")
    yield* ensure(
      fences.every((fence, hold) => hold === 0 || fence > (fences[hold - 1] ?? fence)),
      `the fencing numbers do not grow: ${fences}`
    )
  })
]

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Lease } from "../../StoreBackend.js"
import { ensure, type LawOf, law, same } from "./law.js"
import { sampleKey } from "./samples.js"
import { hold, make, oneAtATime, type Store, waits } from "./store.js"

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
    function* ({ begin, lock, pass }) {
      const held = yield* Deferred.make<Lease>()
      const holder = Effect.flatMap(lock, (lease) =>
        Effect.zipRight(begin(lease), Effect.zipRight(Deferred.succeed(held, lease), Effect.never))
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
  law("a lock lets its holder save, new credentials and a replacement", function* ({ holds, lock, save }) {
    const lease = yield* lock
    yield* save(1, { lease })
    yield* holds(1)
    yield* save(2, { replaces: 1, lease })
    yield* holds(2)
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

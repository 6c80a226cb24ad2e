import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { CredentialStoreError } from "../../AdobePassError.js"
import { leaseLost } from "../../StoreBackend.js"
import { ensure, type LawOf, law, same } from "./law.js"
import { hold, oneAtATime, type Store, waits } from "./store.js"

/** Two processes on one storage whose leases last for `ttl`. */
export interface Processes {
  readonly one: Store
  readonly two: Store
  readonly ttl: Duration.Duration
}

/** Locks in a process that then stops: its clock shows the time, but wakes nobody, so it renews no lease. */
const lockAndStop = ({ lock }: Store): Store["lock"] =>
  Effect.clockWith((clock) => {
    const stopped: Clock.Clock = Object.create(clock, { sleep: { value: () => Effect.never } })
    return Effect.withClock(lock, stopped)
  })

const refuses = (operation: Effect.Effect<unknown, CredentialStoreError>) =>
  Effect.matchEffect(operation, {
    onSuccess: () => ensure(false, "an operation under a lost lease was accepted"),
    onFailure: ({ code, reason }) => same([reason, code], ["Locked", leaseLost], "the failure")
  })

export const leases: ReadonlyArray<LawOf<Processes>> = [
  law(
    "a lease that is not renewed ends, and its next holder knows what was begun under it",
    function* (both) {
      const { lease: first } = yield* lockAndStop(both.one)
      const second = yield* both.two.pass
      yield* ensure(second.unfinished, "the lease does not say that something was begun under the last one")
      yield* ensure(second.owner !== first.owner, "two holds have the same owner")
      yield* ensure(
        second.fence === undefined || (first.fence !== undefined && second.fence > first.fence),
        "the fencing number did not grow"
      )
      const third = yield* both.two.pass
      yield* ensure(!third.unfinished, "a lease that was given back counts as unfinished")
    }
  ),
  law("a lease under which nothing was begun leaves nothing unfinished", function* ({ one, ttl, two }) {
    const first = yield* hold(lockAndStop(one))
    // Credentials that were saved past the lock: the next holder expects none, and so begins nothing.
    yield* two.save(1)
    yield* Effect.sleep(Duration.times(ttl, 2))
    const { isExpected, lease } = yield* lockAndStop(two)
    yield* ensure(lease.unfinished, "the lease does not say that something was begun under the last one")
    yield* ensure(!isExpected, "a record that was not expected counts as expected")
    yield* first.release
    yield* ensure(!(yield* one.pass).unfinished, "what an earlier holder had begun is told twice")
  }),
  law("a lease under which credentials are replaced is unfinished as well", function* ({ one, ttl, two }) {
    yield* one.save(1)
    const stored = Option.getOrUndefined(yield* one.load)
    if (stored === undefined) return yield* ensure(false, "there is no record")
    yield* lockAndStop({ ...one, lock: one.lockOver(stored) })
    yield* Effect.sleep(Duration.times(ttl, 2))
    yield* ensure((yield* two.pass).unfinished, "the lease does not say that something was begun")
  }),
  law("a lease that saved is free at once, and nothing is unfinished", function* ({ one, two }) {
    const { lease } = yield* lockAndStop(one)
    yield* one.save(1, { lease })
    yield* ensure(!(yield* two.pass).unfinished, "a lease under which was saved counts as unfinished")
  }),
  law("a lease that is renewed lasts as long as its holder needs it", function* ({ one, ttl, two }) {
    const { release } = yield* hold(one.lock)
    const second = yield* Effect.forkScoped(two.pass)
    yield* Effect.sleep(Duration.times(ttl, 3))
    yield* waits(second, "a lease in use was taken over")
    yield* release
    yield* Fiber.join(second)
  }),
  law("a lost lease lets nobody save, neither first credentials nor a replacement", function* ({ one, two }) {
    const { lease: lost } = yield* lockAndStop(one)
    const { lease } = yield* two.lock
    yield* refuses(one.save(1, { lease: lost }))
    yield* two.holdsNothing
    yield* two.save(2, { lease })
    yield* refuses(one.save(1, { replaces: 2, lease: lost }))
    yield* two.holds(2)
  }),
  law("a lost lease lets nobody save, even after its new holder gave it back", function* ({ one, two }) {
    const { lease } = yield* lockAndStop(one)
    yield* two.pass
    const accepted = yield* Effect.isSuccess(one.save(1, { lease }))
    yield* ensure(!accepted, "the save was accepted")
    yield* two.holdsNothing
  }),
  law("a lease is not given back by a process that has lost it", function* ({ one, two }) {
    const lost = yield* hold(lockAndStop(one))
    const { release } = yield* hold(two.lock)
    yield* lost.release
    const third = yield* Effect.forkScoped(one.pass)
    yield* waits(third, "the lease of the new holder was given back")
    yield* release
    yield* Fiber.join(third)
  }),
  law("a lease lets one of two processes in at a time", function* ({ one, two }) {
    yield* oneAtATime([one, two, one, two, one, two])
  })
]

import type * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { KeyValueStoreError } from "../KeyValueStoreError.js"
import { KnownProfile } from "../KnownProfile.js"
import * as Records from "./records.js"

type Known = ReadonlyArray<KnownProfile>

/** The profiles of each device, in one record of the store. */
export interface ProfileRecords {
  readonly get: (key: string) => Effect.Effect<Known, KeyValueStoreError>
  readonly update: (key: string, change: (known: Known) => Known) => Effect.Effect<void, KeyValueStoreError>
  /** As `update`, and voids what is being learned. */
  readonly drop: (key: string, change: (known: Known) => Known) => Effect.Effect<void, KeyValueStoreError>
  /** Asks, and updates with the answer unless something was dropped in the meantime: the answer may be older. */
  readonly learn: <A, E, R>(
    key: string,
    question: Effect.Effect<A, E, R>,
    change: (answer: A) => (known: Known) => Known
  ) => Effect.Effect<readonly [answer: A, update: Effect.Effect<void, KeyValueStoreError>], E, R>
}

/** Updates read and write, so those of one record wait for each other; so do those of others that share its stripe. */
class Stripe {
  readonly lock = Effect.unsafeMakeSemaphore(1)
  drops = 0
}

export const make = (store: KeyValueStore.KeyValueStore): ProfileRecords => {
  const records = Records.make(store, "profiles", Schema.Array(KnownProfile))
  const stripes = Arr.makeBy(256, () => new Stripe())
  /** Keys begin with hexadecimal digits of a hash. */
  const stripeOf = (key: string): Stripe => stripes[Number.parseInt(key.slice(0, 2), 16)] ?? stripes[0]

  const get = (key: string) =>
    Effect.map(
      records.get(key),
      Option.getOrElse((): Known => [])
    )

  const update = (key: string, change: (known: Known) => Known) =>
    Effect.flatMap(get(key), (known) => {
      const changed = change(known)
      return changed.length === 0 ? records.remove(key) : records.set(key, changed)
    }).pipe(stripeOf(key).lock.withPermits(1), Records.inTime("write", "profiles"))

  return {
    get,
    update,
    drop: (key, change) =>
      Effect.suspend(() => {
        stripeOf(key).drops++
        return update(key, change)
      }),
    learn: (key, question, change) =>
      Effect.suspend(() => {
        const stripe = stripeOf(key)
        const { drops } = stripe
        return Effect.map(question, (answer) => {
          const unlessDropped = (known: Known) => (stripe.drops === drops ? change(answer)(known) : known)
          return [answer, update(key, unlessDropped)]
        })
      })
  }
}

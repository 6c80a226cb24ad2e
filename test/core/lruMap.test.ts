import { assert, describe, it } from "@effect/vitest"
import { LruMap } from "../../packages/core/src/internal/lruMap.js"
import { seeded } from "../support/seeded.js"

interface Value {
  readonly id: string
  place: number
  usedAt: number
}

const valueOf = (id: string): Value => ({ id, place: -1, usedAt: 0 })

const filled = (ids: Iterable<string>, random = seeded(1)) => {
  const map = new LruMap<Value>(random)
  for (const id of ids) map.add(valueOf(id))
  return map
}

const ids = (count: number) => Array.from({ length: count }, (_, n) => `id-${n}`)

const always = () => true

describe("a map of what was used last", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`lets go of what is far older than the median, whatever was used before (${seed})`, () => {
      const random = seeded(seed)
      const map = filled(ids(1000), random)
      /** The ids in the order of their last use. */
      const order = new Set(ids(1000))
      const ranks: Array<number> = []
      for (let round = 0; round < 500; round++) {
        for (let n = 0; n < 20; n++) {
          const id = [...order][Math.floor(random() * order.size)] ?? ""
          map.use(id)
          order.delete(id)
          order.add(id)
        }
        const gone = map.oldest(always)
        if (gone === undefined) return assert.fail("nothing may go")
        map.delete(gone)
        ranks.push([...order].indexOf(gone.id) / order.size)
        order.delete(gone.id)
        map.add(valueOf(`new-${round}`))
        order.add(`new-${round}`)
        assert.strictEqual(map.size, 1000)
      }
      assert.isBelow(Math.max(...ranks), 0.6)
      assert.isBelow(ranks.filter((rank) => rank > 0.3).length / ranks.length, 0.02)
      assert.isBelow(ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length, 0.1)
    })
  }

  it("lets go of the very oldest when there are few", () => {
    const map = filled(ids(16))
    map.use("id-0")
    assert.strictEqual(map.oldest(always)?.id, "id-1")
    assert.strictEqual(map.oldest(({ id }) => id !== "id-1")?.id, "id-2")
    assert.isUndefined(map.oldest(() => false))
  })

  it("finds every value that is left, and none that is gone, however many are removed", () => {
    const random = seeded(7)
    const map = filled(ids(1000))
    const left = new Set(ids(1000))
    while (left.size > 100) {
      const value = map.at(Math.floor(random() * map.size))
      if (value === undefined) return assert.fail("a place is empty")
      map.delete(value)
      // A second time it has no effect.
      map.delete(value)
      left.delete(value.id)
      assert.strictEqual(map.size, left.size)
    }
    assert.deepStrictEqual(
      Array.from({ length: map.size }, (_, place) => map.at(place)?.id ?? "").toSorted(),
      [...left].toSorted()
    )
    for (const id of ids(1000)) assert.strictEqual(map.get(id) !== undefined, left.has(id))
  })

  it("puts one value in the place of another, as old as that, and forgets the other", () => {
    const map = filled(ids(16))
    const before = map.get("id-0")
    if (before === undefined) return assert.fail("it is not there")
    const after = valueOf("id-0")
    map.replace(before, after)
    map.delete(before)
    assert.strictEqual(map.get("id-0"), after)
    assert.strictEqual(map.oldest(always), after)
    assert.strictEqual(map.size, 16)
  })
})

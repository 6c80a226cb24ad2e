import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { KnownProfile, RestV2 } from "effect-adobe-pass-rest-v2"
import { answering, forDevice, profiles, provider, restV2 } from "./scripted.js"

const of = (mvpd: string, notAfter: number): KnownProfile.KnownProfile => ({ mvpd, notAfter, attributes: {} })

const chosen = (...parameters: Parameters<typeof KnownProfile.select>) =>
  Option.map(KnownProfile.select(...parameters), ({ mvpd }) => mvpd)

describe("the profile to go on with", () => {
  const known = [of("NorthCable", 2), of("TempPass", 1), of("SouthDish", 3), of("EastNet", 3)]

  it("is the one that is valid for longest, and the first of several that are (C10)", () => {
    assert.deepStrictEqual(chosen(known), Option.some("SouthDish"))
  })

  it("is that of the caller's choice where there is one (C10)", () => {
    assert.deepStrictEqual(chosen(known, { mvpd: "TempPass" }), Option.some("TempPass"))
    assert.deepStrictEqual(chosen(known, { mvpd: "WestCable" }), Option.some("SouthDish"))
  })

  it("is none of none", () => {
    assert.deepStrictEqual(chosen([]), Option.none())
  })

  it.effect("is found in the answer to a call", () =>
    Effect.gen(function* () {
      yield* answering(profiles(["NorthCable", 5], ["SouthDish", 4]))
      const calls = yield* RestV2.RestV2
      const found = KnownProfile.fromProfiles(yield* calls.profiles.all(provider))
      assert.deepStrictEqual(chosen(found), Option.some("NorthCable"))
    }).pipe(forDevice(), Effect.provide(restV2()))
  )
})

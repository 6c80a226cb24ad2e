import { FileSystem, KeyValueStore } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, TestClock } from "effect"
import { MvpdChoice } from "effect-adobe-pass-rest-v2"
import { device } from "../support/system.js"
import { store, withLog } from "./records.js"
import { forDevice, provider, restV2 } from "./scripted.js"

const north = { id: "NorthCable", displayName: "North Cable", logoUrl: "https://north.example/logo.png" }
const south = { id: "SouthDish", displayName: "South Dish" }

const get = Effect.flatMap(MvpdChoice.MvpdChoice, (choice) => choice.get(provider))
const set = (mvpd: MvpdChoice.ChosenMvpd, of = provider) =>
  Effect.flatMap(MvpdChoice.MvpdChoice, (choice) => choice.set({ ...of, mvpd }))

const choice = Layer.provide(MvpdChoice.layer, restV2({ emulator: { subject: "acme-app" } }))

describe("the choice of an MVPD", () => {
  it.effect("is remembered over restarts and for good: its id, name and logo, and nothing else (B2)", () =>
    Effect.gen(function* () {
      const { content, layer } = store()
      const mvpd = { ...north, isProxy: false, boardingStatus: "PICKER" }
      yield* Effect.provide(set(mvpd), Layer.provide(choice, layer))
      assert.deepStrictEqual(
        [...content.values()].map((text) => JSON.parse(text)),
        [north]
      )
      yield* TestClock.adjust("365 days")
      assert.deepStrictEqual(yield* Effect.provide(get, Layer.provide(choice, layer)), Option.some(north))
    }).pipe(forDevice())
  )

  it.effect(
    "is one for each device and service provider, replaced by the next one, and forgotten on demand",
    () =>
      Effect.gen(function* () {
        const { forget } = yield* MvpdChoice.MvpdChoice
        yield* set(north)
        yield* set(south)
        yield* set(north, { serviceProvider: "OTHER" })
        yield* set(north).pipe(forDevice(device(2)))
        assert.deepStrictEqual(
          Option.map(yield* get, ({ id }) => id),
          Option.some("SouthDish")
        )
        yield* forget(provider)
        assert.deepStrictEqual(yield* get, Option.none())
        assert.deepStrictEqual(
          Option.map(yield* forDevice(device(2))(get), ({ id }) => id),
          Option.some("NorthCable")
        )
      }).pipe(forDevice(), Effect.provide(Layer.provide(choice, store().layer)))
  )

  it.effect("is kept under a key that shows nothing of the device", () =>
    Effect.gen(function* () {
      const { content, layer } = store()
      yield* Effect.provide(set(north), Layer.provide(choice, layer))
      assert.match([...content.keys()].join(), /^adobe-pass-mvpd-choice-[0-9a-f]{64}-ACME$/)
    }).pipe(forDevice())
  )

  it.effect.each(["{", '{"id":7}', "null", ""])(
    "counts as absent when its record is %j, with a warning",
    (text) =>
      Effect.gen(function* () {
        const { content, layer } = store()
        yield* Effect.provide(set(north), Layer.provide(choice, layer))
        for (const key of content.keys()) content.set(key, text)
        const [found, lines] = yield* withLog(Effect.provide(get, Layer.provide(choice, layer)))
        assert.deepStrictEqual(found, Option.none())
        assert.lengthOf(lines, 1)
        assert.match(lines.join(), /level=WARN.*The stored MVPD choice of a device cannot be read/)
      }).pipe(forDevice())
  )

  it.effect("fails with a typed error when the store does, which shows nothing of store and record", () =>
    Effect.gen(function* () {
      const { layer, state } = store()
      state.fault = "PermissionDenied"
      const forget = Effect.flatMap(MvpdChoice.MvpdChoice, ({ forget }) => forget(provider))
      const errors = yield* Effect.all([Effect.flip(get), Effect.flip(set(north)), Effect.flip(forget)]).pipe(
        Effect.provide(Layer.provide(choice, layer))
      )
      assert.deepStrictEqual(
        errors.map(({ operation }) => operation),
        ["read", "write", "remove"]
      )
      assert.notMatch(`${errors.join()}${JSON.stringify(errors)}`, /secret|[0-9a-f]{64}/)
    }).pipe(forDevice())
  )

  it.effect.each(["hang", "stuck"] as const)(
    "does not wait for more than 5 seconds for a store (%s)",
    (fault) =>
      Effect.gen(function* () {
        const { layer, state } = store()
        state.fault = fault
        const reader = yield* Effect.fork(Effect.flip(Effect.provide(get, Layer.provide(choice, layer))))
        yield* TestClock.adjust("4999 millis")
        assert.isNull(reader.unsafePoll())
        yield* TestClock.adjust("1 millis")
        const error = yield* Fiber.join(reader)
        assert.deepInclude(error, { _tag: "KeyValueStoreError", reason: "TimedOut", retryable: true })
      }).pipe(forDevice())
  )

  it.effect("can be forgotten twice, also where a store fails for what is not there", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())
      const files = KeyValueStore.layerFileSystem(directory)
      yield* Effect.gen(function* () {
        const { forget } = yield* MvpdChoice.MvpdChoice
        yield* set(north)
        yield* forget(provider)
        yield* forget(provider)
        assert.deepStrictEqual(yield* get, Option.none())
      }).pipe(Effect.provide(Layer.provide(choice, files)))
    }).pipe(forDevice(), Effect.scoped, Effect.provide(NodeContext.layer))
  )
})

import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { decode, usage } from "../../packages/emulator/src/internal/arguments.js"

describe("the arguments of the command", () => {
  it.effect("have the defaults that the usage names", () =>
    Effect.gen(function* () {
      expect(yield* decode([])).toEqual({
        host: "127.0.0.1",
        port: 8787,
        throttle: "refill",
        rate: 1,
        burst: 10,
        tokenTtl: 21_600_000,
        control: true
      })
      for (const value of ["8787", "127.0.0.1", "refill", "1", "10, so that 11 pass at once", "21600"]) {
        expect(usage).toContain(`(default ${value})`)
      }
    })
  )

  it.effect("set the rate and the burst of the throttle", () =>
    Effect.gen(function* () {
      expect(yield* decode(["--rate", "5", "--burst", "0"])).toMatchObject({ rate: 5, burst: 0 })
    })
  )

  it.effect("name the file of a world, and what is wrong with it", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.promise(() => mkdtemp(join(tmpdir(), "world-")))
      const file = (name: string, text: string) =>
        Effect.as(
          Effect.promise(() => writeFile(join(directory, name), text)),
          join(directory, name)
        )
      const good = yield* file(
        "good.json",
        `{"serviceProviders":[{"id":"X","name":"x","domains":["x.example"],"mvpds":[]}],"mvpds":[]}`
      )
      expect(yield* decode(["--world", good])).toMatchObject({
        world: { serviceProviders: [{ id: "X" }], degradations: [] }
      })
      const bad = yield* file("bad.json", `{"serviceProviders":[{"id":"X"}],"mvpds":[]}`)
      const broken = yield* file("broken.json", "{")
      const misspelt = yield* file(
        "misspelt.json",
        `{"serviceProviders":[{"id":"X","name":"x","domains":["x.example"],"mvpds":[],"redirectHost":[]}],"mvpds":[]}`
      )
      const cable = `{"id":"Y","displayName":"y"}`
      const twice = yield* file(
        "twice.json",
        `{"serviceProviders":[{"id":"X","name":"x","domains":["x.example"],"mvpds":["Y"]}],"mvpds":[${cable},${cable}]}`
      )
      const namesakes = yield* file(
        "namesakes.json",
        `{"serviceProviders":[{"id":"X","name":"x","domains":["x.example"],"mvpds":[]}],"mvpds":[{"id":"Y",
          "displayName":"y","people":[{"user":"yan","password":"a"},{"user":"yan","password":"b"}]}]}`
      )
      for (const [path, why] of [
        [bad, "serviceProviders.0.name: is missing."],
        [broken, "cannot be used"],
        [misspelt, "serviceProviders.0.redirectHost: is unexpected"],
        [twice, "has the id Y twice"],
        [namesakes, "has two people of the same user name at Y"],
        [join(directory, "none.json"), "ENOENT"]
      ] as const) {
        const { message } = yield* Effect.flip(decode(["--world", path]))
        expect(message).toContain(`--world ${path} cannot be used: `)
        expect(message).toContain(why)
        expect(message).not.toContain("\n")
      }
      yield* Effect.promise(() => rm(directory, { recursive: true }))
    })
  )

  it.effect.each([
    [["--port", "http"], '--port must be a whole number from 0 to 65535, not "http".'],
    [["--throttle", "sometimes"], '--throttle must be refill, once or off, not "sometimes".'],
    [["--token-ttl", "0"], '--token-ttl must be a whole number from 1 to 31536000, not "0".'],
    [["--rate", "0"], '--rate must be a whole number from 1 to 1000000, not "0".'],
    [["--burst", "-1"], "--burst"],
    [["--unheard-of"], "--unheard-of"]
  ] as const)("%j are refused with a sentence", ([args, sentence]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(decode(args))
      expect(error._tag).toBe("InvalidArguments")
      expect(error.message).toContain(sentence)
      expect(error.message).not.toContain("\n")
    })
  )
})

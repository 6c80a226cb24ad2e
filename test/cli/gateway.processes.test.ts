import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { emulator, environmentOf } from "./support.js"

const cli = useCli()

/** The headers of a device, as a client of Adobe Pass sends them. */
const deviceHeaders = (id: string): Record<string, string> => ({
  "AP-Device-Identifier": `fingerprint ${Buffer.from(id).toString("base64")}`,
  "X-Device-Info": Buffer.from(
    JSON.stringify({
      model: "AFTM",
      version: "montoya",
      osName: "Android",
      osVersion: "5.1.1",
      connectionType: "WiFi"
    })
  ).toString("base64"),
  "X-Forwarded-For": "203.0.113.7"
})

const gatewayOf = (args: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* emulator()
    const env = yield* environmentOf(adobe, home)
    const running = yield* cli.start(home, ["gateway", "--listen", "127.0.0.1:0", ...args], { env })
    const [, url = ""] = yield* Effect.orDie(running.says(/listens on (http:\S+)/))
    return { adobe, env, home, running, url }
  })

describe("adobe-pass gateway", () => {
  it.scopedLive("lets a client call without a token, and registers its device once", () =>
    Effect.gen(function* () {
      const { adobe, running, url } = yield* gatewayOf()
      for (let call = 0; call < 3; call++) {
        const { status } = yield* Effect.promise(() =>
          fetch(`${url}/api/v2/ACME/configuration`, { headers: deviceHeaders("device-1") })
        )
        assert.strictEqual(status, 200)
      }
      assert.include(yield* adobe.counts, { register: 1, token: 1, api: 3 })
      yield* running.signal("SIGTERM")
      assert.strictEqual((yield* running.ended).code, 0)
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { CurrentDevice } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { RestV2 } from "effect-adobe-pass-rest-v2"
import { device, system } from "../support/system.js"

const entry = (url?: string) => ({
  logouts: {
    NorthCable: { actionName: "logout", actionType: "interactive", mvpd: "NorthCable", ...(url && { url }) }
  }
})

const urlFor = (url?: string) =>
  Effect.gen(function* () {
    const { fail } = yield* Emulator.Emulator
    yield* fail({ route: "api", fault: Fault.json(200, entry(url)) })
    const { logout } = yield* RestV2.RestV2
    const logouts = yield* logout.initiate({ serviceProvider: "ACME", mvpd: "NorthCable" })
    return logouts["NorthCable"]?.url
  })

describe("the URL that a browser opens to sign out at the MVPD", () => {
  it.effect("is absolute, though Adobe Pass also writes the path alone (F1)", () =>
    Effect.gen(function* () {
      const path = "/adobe-services/logout?requestor_id=ACME&mso_id=NorthCable"
      assert.strictEqual(yield* urlFor(path), `http://127.0.0.1${path}`)
      assert.strictEqual(yield* urlFor(`https://sp.example${path}`), `https://sp.example${path}`)
      assert.strictEqual(yield* urlFor("https://["), "https://[")
      assert.isUndefined(yield* urlFor())
    }).pipe(
      Effect.provide(Layer.provideMerge(RestV2.layer, system())),
      Effect.provideService(CurrentDevice, device())
    )
  )
})

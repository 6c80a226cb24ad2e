/**
 * Makes warm calls, `warmCalls <origin> <at a time>`, and prints what the garbage collector says of them.
 */
import { setFlagsFromString } from "node:v8"
import { Effect, Either, Layer, Redacted } from "effect"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as Device from "effect-adobe-pass/Device"
import * as Environment from "effect-adobe-pass/Environment"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import * as NodeTransport from "effect-adobe-pass-node/NodeTransport"

const [origin = "", atATime = "1"] = process.argv.slice(2)

const path = "/api/v2/ACME/decisions/authorize/Cablevision"

const device = Either.getOrThrow(
  Device.make({
    id: "device",
    ip: "203.0.113.7",
    info: { model: "AFTM", version: "montoya", osName: "Android", osVersion: "5.1.1", connectionType: "WiFi" }
  })
)

const library = AdobePass.layer({
  environment: Either.getOrThrow(Environment.custom({ name: "test", sp: origin })),
  softwareStatement: Redacted.make("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"),
  throttle: { burst: 1_000_000 }
}).pipe(Layer.provide([NodeTransport.layer(), CredentialStore.layerMemory]))

const byLibrary = Effect.map(ProtectedClient.ProtectedClient, (adobe) =>
  Effect.flatMap(
    Effect.suspend(() => adobe.get(path)),
    ({ text }) => text
  )
)

/** As many calls, by as many fibers as there are calls at a time. */
const make = <E, R>(call: Effect.Effect<string, E, R>, calls: number) => {
  let left = calls
  const fiber = Effect.whileLoop({ while: () => left-- > 0, body: () => call, step: () => {} })
  return Effect.all(
    Array.from({ length: Number(atATime) }, () => fiber),
    { concurrency: "unbounded", discard: true }
  )
}

/** Practice, in which V8 also decides where it allocates what; and then the calls that count. */
const run = <E, R, E2, R2>(calls: Effect.Effect<Effect.Effect<string, E, R>, E2, R2>) =>
  Effect.gen(function* () {
    const call = yield* calls
    yield* make(call, 30_000)
    setFlagsFromString("--trace-gc-nvp")
    yield* make(call, 20_000)
    setFlagsFromString("--no-trace-gc-nvp")
  })

const program = run(byLibrary).pipe(
  Effect.provideService(Device.CurrentDevice, device),
  Effect.provide(library)
)

Effect.runPromise(program).then(() => process.exit(0))

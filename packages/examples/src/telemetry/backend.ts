import { Effect, Redacted } from "effect"
import { CredentialStore, CurrentDevice, Device, Environment, ProtectedClient } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { NodeAdobePass } from "effect-adobe-pass-node"

/** The library as a client of the emulator. */
export const adobePass = ({ baseUrl, softwareStatement }: Emulator.Emulator) =>
  Effect.map(Environment.custom({ name: "emulator", sp: baseUrl }), (environment) =>
    NodeAdobePass.layer({
      environment,
      softwareStatement: Redacted.make(softwareStatement),
      store: CredentialStore.layerMemory
    })
  )

/** Television number `n`. */
const television = (n: number) =>
  Device.onBehalfOf({
    id: `television-${n}`,
    ip: `203.0.113.${n}`,
    port: 51_617,
    info: { model: "AFTM", version: "1", osName: "Android", osVersion: "9", connectionType: "WiFi" }
  })

/** What a television asks this backend for: a span of the backend's own, a protected call, and a line in the log. */
const configuration = Effect.gen(function* () {
  const adobe = yield* ProtectedClient.ProtectedClient
  const { status } = yield* adobe.get("/api/v2/ACME/configuration")
  yield* Effect.annotateLogs(Effect.logInfo("Answered"), { status })
}).pipe(
  Effect.tapError(({ _tag }) => Effect.annotateLogs(Effect.logWarning("Failed"), { error: _tag })),
  Effect.withSpan("GET /configuration", { kind: "server" }),
  Effect.either
)

/** The requests of two televisions: the first of each, one that is repeated after a 503, and one that fails. */
export const requests = Effect.gen(function* () {
  const { fail } = yield* Emulator.Emulator
  const first = Effect.provideService(configuration, CurrentDevice, yield* television(1))
  const second = Effect.provideService(configuration, CurrentDevice, yield* television(2))
  yield* first
  yield* first
  yield* fail({ route: "api", fault: Fault.answer(503) })
  yield* second
  yield* fail({ route: "api", fault: Fault.answer(404) })
  yield* second
})

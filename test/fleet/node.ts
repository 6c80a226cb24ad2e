/**
 * A node of a fleet: a process with the whole library on the store at `STORE_KIND` and `STORE_AT`, which speaks to the
 * emulator at `EMULATOR`. It is told on standard input what to do, line by line, and reports on standard output.
 */
import { writeSync } from "node:fs"
import { createInterface } from "node:readline"
import { Effect, Either, Layer, Redacted, Stream } from "effect"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import { CredentialStore } from "effect-adobe-pass/CredentialStore"
import * as Device from "effect-adobe-pass/Device"
import * as Environment from "effect-adobe-pass/Environment"
import { ProtectedClient } from "effect-adobe-pass/ProtectedClient"
import { Sessions } from "effect-adobe-pass/Sessions"
import * as NodeTransport from "effect-adobe-pass-node/NodeTransport"
import { addressOf } from "./devices.js"
import { type Place, storeAt } from "./stores.js"

const env = (name: string): string => process.env[name] ?? ""
const say = (line: string) => Effect.sync(() => void writeSync(1, `${line}\n`))

const kind = env("STORE_KIND")
const place: Place = {
  kind: kind === "postgres" || kind === "redis" ? kind : "file",
  at: env("STORE_AT")
}

const deviceOf = (name: string) =>
  Either.getOrThrow(
    Device.make({
      id: name,
      ip: addressOf(name),
      info: {
        model: "AFTM",
        version: "montoya",
        osName: "Android",
        osVersion: "5.1.1",
        connectionType: "WiFi"
      }
    })
  )

/** The store, which says when a lock is asked for, when it is held, and when a pair is saved. */
const observed = Layer.effect(
  CredentialStore,
  Effect.map(
    CredentialStore,
    (store) =>
      ({
        ...store,
        lock: (...args) =>
          Effect.zipRight(
            say("locks"),
            Effect.tap(store.lock(...args), () => say("lease"))
          ),
        saveCredentials: (...args) => Effect.tap(store.saveCredentials(...args), () => say("saved"))
      }) satisfies typeof store
  )
).pipe(Layer.provide(storeAt(place, env("LEASE"))))

const layer = Layer.unwrapEffect(
  Effect.map(Environment.custom({ name: "emulator", sp: env("EMULATOR") }), (environment) =>
    AdobePass.layer({
      environment,
      softwareStatement: Redacted.make(env("STATEMENT")),
      throttle: { burst: 1_000_000 },
      // A busy machine is not an outage.
      timeout: "5 minutes",
      retry: { budget: "10 minutes" }
    })
  )
).pipe(Layer.provide([NodeTransport.layer(), observed]))

const call = (name: string) =>
  Effect.flatMap(ProtectedClient, (adobe) => adobe.get("/api/v2/ACME/configuration")).pipe(
    Effect.provideService(Device.CurrentDevice, deviceOf(name)),
    Effect.match({ onSuccess: ({ status }) => `${status}`, onFailure: ({ _tag }) => _tag })
  )

/** `call <times> <device> ...`: so many calls at once for each of the devices; says how they ended. */
const calls = (times: string, names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const outcomes = yield* Effect.forEach(
      names.flatMap((name) => Array.from({ length: Number(times) }, () => name)),
      call,
      { concurrency: "unbounded" }
    )
    const counted: Record<string, number> = {}
    for (const outcome of outcomes) counted[outcome] = (counted[outcome] ?? 0) + 1
    yield* say(`called ${JSON.stringify(counted)}`)
  })

/** `pair <device>`: says the pair of the device, or why there is none. */
const pair = (name: string) =>
  Effect.flatMap(Sessions, (sessions) => sessions.credentials(deviceOf(name))).pipe(
    Effect.match({
      onSuccess: ({ clientId }) => `pair ${name} ${Redacted.value(clientId)}`,
      onFailure: (error) => `failed ${name} ${error._tag} ${error.retryable}`
    }),
    Effect.flatMap(say)
  )

const program = Effect.gen(function* () {
  const sessions = yield* Sessions
  yield* Effect.forkScoped(Stream.runForEach(sessions.events, ({ _tag }) => say(`event ${_tag}`)))
  yield* Effect.yieldNow()
  yield* say("ready")
  yield* Stream.fromAsyncIterable(createInterface(process.stdin), () => "the input broke").pipe(
    Stream.mapEffect(
      (line): Effect.Effect<void, never, ProtectedClient | Sessions> => {
        const [command, first = "", ...rest] = line.split(" ")
        return command === "call" ? calls(first, rest) : pair(first)
      },
      { concurrency: "unbounded" }
    ),
    Stream.runDrain
  )
})

void Effect.runPromise(Effect.provide(Effect.scoped(program), layer)).then(() => process.exit(0))

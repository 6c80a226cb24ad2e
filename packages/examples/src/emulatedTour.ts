/**
 * The whole flow against an emulated Adobe Pass on a socket of this machine: every step a person would want to see
 * before trusting the library with real devices.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  AccessToken,
  CurrentDevice,
  Device,
  type DeviceInfo,
  Environment,
  ProtectedClient,
  Sessions,
  SoftwareStatement,
  type Throttle
} from "effect-adobe-pass"
import { Emulator, Fault, type Traffic } from "effect-adobe-pass-emulator"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { Narration } from "./Narration.js"
import * as Tour from "./Tour.js"

/**
 * Steps of the tour that did not do what they say.
 *
 * @since 0.1.0
 * @category errors
 */
export class TourFailed extends Data.TaggedError("TourFailed")<{
  readonly steps: ReadonlyArray<Tour.Finished>
}> {
  override get message(): string {
    const steps = this.steps.map(({ failed, title }) => `"${title}" (${failed.join("; ")})`)
    return `Not everything went as it should: ${steps.join(", ")}.`
  }
}

const deviceId = "6d1f8f0a-2f0d-4a53-9c6c-walkthrough"

const info: DeviceInfo.DeviceInfo = {
  model: "AFTM",
  version: "montoya",
  osName: "Android",
  osVersion: "5.1.1",
  connectionType: "WiFi"
}

/** One device in several places: the address it calls from is what Adobe Pass throttles by, not who it is. */
const deviceAt = (ip: string) => Device.make({ id: deviceId, ip, info })

const isoTime = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

const seconds = (duration: Duration.Duration): string => `${Duration.toSeconds(duration).toFixed(1)} s`

const statuses = (log: ReadonlyArray<Traffic.LoggedRequest>, route: Traffic.Route, status: number): number =>
  log.filter((request) => request.route === route && request.status === status).length

/** The library as one process holds it: built anew for every run, over whatever the store directory holds. */
const adobePass = (directory: string, emulator: Emulator.Emulator, throttle?: Throttle.Options) =>
  Effect.map(Environment.custom({ name: "emulator", sp: emulator.baseUrl }), (environment) =>
    NodeAdobePass.layer({
      environment,
      softwareStatement: Redacted.make(emulator.softwareStatement),
      store: NodeAdobePass.fileStore(directory),
      throttle
    })
  )

const call = Effect.gen(function* () {
  const client = yield* ProtectedClient.ProtectedClient
  const response = yield* client.get("/api/v2/ACME/configuration")
  return response.status
})

const statement = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact } = yield* Narration
  const { claims, fingerprint, value } = yield* SoftwareStatement.make(emulator.softwareStatement)
  yield* fact("value", String(value))
  yield* fact("application (sub)", claims.sub ?? "not given")
  yield* fact("issuer (iss)", claims.iss ?? "not given")
  yield* fact("issued (iat)", claims.iat === undefined ? "not given" : isoTime(claims.iat * 1000))
  yield* fact("fingerprint", fingerprint)
  const counts = yield* emulator.counts
  return [
    Tour.holds("the statement names its application", claims.sub !== undefined, "no sub"),
    Tour.exactly(0, "request", counts.register + counts.token + counts.api)
  ]
})

/** The files of a directory, with the permission bits of each. */
const filesIn = (directory: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const names = yield* fs.readDirectory(directory, { recursive: true })
    const entries = yield* Effect.forEach(names, (name) =>
      Effect.map(fs.stat(`${directory}/${name}`), ({ mode, type }) => ({
        name,
        isFile: type === "File",
        mode: (mode & 0o777).toString(8).padStart(4, "0")
      }))
    )
    return entries.filter(({ isFile }) => isFile)
  })

const register = (directory: string) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    const { fact } = yield* Narration
    const sessions = yield* Sessions.Sessions
    const device = yield* CurrentDevice
    const [took, credentials] = yield* Effect.timed(sessions.credentials(device))
    const log = yield* emulator.log
    yield* fact(
      "answer",
      `${log.map(({ status }) => status).join(", ")} after ${Math.round(Duration.toMillis(took))} ms`
    )
    yield* fact("client id, secret", `${credentials.clientId}, ${credentials.clientSecret}`)
    yield* fact("scopes", credentials.scopes.join(", "))
    yield* fact("session", `${credentials.session.slice(0, 12)}... (a hash; it shows nothing of the device)`)
    const files = yield* filesIn(directory)
    yield* fact("stored in", directory)
    yield* Effect.forEach(files, ({ mode, name }) =>
      fact("", `${name.replace(credentials.session, "<session>")}, mode ${mode}`)
    )
    const counts = yield* emulator.counts
    return [
      Tour.exactly(1, "registration", counts.register),
      Tour.holds("answered with 201", statuses(log, "register", 201) === 1, "another status"),
      Tour.holds(
        "the pair is on disk before it is used",
        files.length > 0 && counts.token === 0,
        `${files.length} files, ${counts.token} token requests`
      ),
      Tour.holds(
        "nobody but the owner can read the file",
        process.platform === "win32" || files.every(({ mode }) => mode === "0600"),
        files.map(({ mode }) => mode).join(", ")
      )
    ]
  })

const token = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact } = yield* Narration
  const sessions = yield* Sessions.Sessions
  const accessToken = yield* sessions.accessToken(yield* CurrentDevice)
  const lifetime = Duration.millis(accessToken.expiresAt - accessToken.issuedAt)
  const before = (slot: number) =>
    Duration.format(Duration.millis(accessToken.expiresAt - AccessToken.refreshAt(accessToken, slot)))
  yield* fact("value", String(accessToken.value))
  yield* fact("scopes", accessToken.scopes.join(", "))
  yield* fact("lifetime", `${Duration.format(lifetime)}, until ${isoTime(accessToken.expiresAt)}`)
  yield* fact(
    "refreshed",
    `in the background, ${before(0)} to ${before(1)} before that (spread over the devices)`
  )
  const counts = yield* emulator.counts
  return [
    Tour.exactly(1, "token request", counts.token),
    Tour.exactly(0, "registration", counts.register),
    Tour.holds("the lifetime is 6 hours", Duration.toHours(lifetime) === 6, Duration.format(lifetime))
  ]
})

const protectedCalls = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact } = yield* Narration
  const answers = yield* Effect.replicateEffect(call, 3)
  yield* fact("GET", "/api/v2/ACME/configuration")
  yield* fact("answers", answers.join(", "))
  const counts = yield* emulator.counts
  const log = yield* emulator.log
  const complete = log.filter(
    ({ headers }) =>
      headers["authorization"]?.startsWith("Bearer ") === true &&
      headers["ap-device-identifier"]?.startsWith("fingerprint ") === true &&
      headers["x-device-info"] !== undefined &&
      headers["x-forwarded-for"] !== undefined
  )
  return [
    Tour.exactly(3, "call", statuses(log, "api", 200)),
    Tour.holds(
      "each carried the token, the device, its description and its address",
      complete.length === 3,
      `${complete.length} of 3`
    ),
    Tour.exactly(0, "token request", counts.token)
  ]
})

const secondRun = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { note } = yield* Narration
  yield* note("The library built anew, as a process does after a deployment, over the same directory.")
  const inMemory = yield* Effect.flatMap(Sessions.Sessions, ({ size }) => size)
  yield* call
  const counts = yield* emulator.counts
  return [
    Tour.holds("nothing is in memory at first", inMemory === 0, `${inMemory} sessions`),
    Tour.exactly(0, "registration", counts.register),
    Tour.exactly(0, "token request", counts.token),
    Tour.exactly(1, "call", statuses(yield* emulator.log, "api", 200))
  ]
})

const expiry = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { note, whileRunning } = yield* Narration
  yield* emulator.setTokenTtl("2 seconds")
  yield* emulator.revokeTokens
  yield* call
  yield* emulator.setTokenTtl("6 hours")
  yield* emulator.clearLog
  yield* note("The device now holds a token that lives for 2 seconds, and makes its next call after that.")
  const start = yield* Clock.currentTimeMillis
  yield* Effect.sleep("2200 millis").pipe(
    whileRunning(
      Effect.map(
        Clock.currentTimeMillis,
        (now) => `waiting for the token to expire: ${seconds(Duration.millis(now - start))}`
      )
    )
  )
  yield* call
  const counts = yield* emulator.counts
  return [
    Tour.exactly(1, "token request", counts.token),
    Tour.exactly(0, "registration", counts.register),
    Tour.exactly(1, "call", counts.api)
  ]
})

const revokedToken = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact, note } = yield* Narration
  const calls = 50
  yield* note("An emulator without a throttle, so that 50 calls of one device can be on their way at once.")
  yield* call
  yield* emulator.revokeTokens
  yield* emulator.clearLog
  // Nobody is answered before all are under way: each of the calls meets its own 401.
  yield* emulator.fail({ route: "api", fault: Fault.delay("250 millis"), times: calls })
  const results = yield* Effect.forEach(Arr.range(1, calls), () => Effect.either(call), {
    concurrency: "unbounded"
  })
  const [failures, successes] = Arr.separate(results)
  const log = yield* emulator.log
  const counts = yield* emulator.counts
  yield* fact("answers of 401", String(statuses(log, "api", 401)))
  yield* fact("answers of 200", String(statuses(log, "api", 200)))
  return [
    Tour.holds(
      `${calls} calls succeed`,
      successes.length === calls,
      `${successes.length} did${failures[0] === undefined ? "" : `: ${failures[0].message}`}`
    ),
    Tour.holds(
      "all of them were refused first",
      statuses(log, "api", 401) === calls,
      `${statuses(log, "api", 401)} were`
    ),
    Tour.exactly(1, "token request", counts.token),
    Tour.exactly(0, "registration", counts.register)
  ]
})

/** When requests arrived, in whole seconds after the first, and how many at each. */
const timeline = (log: ReadonlyArray<Traffic.LoggedRequest>): string => {
  const first = log[0]?.at ?? 0
  const arrivals = Object.entries(Arr.groupBy(log, ({ at }) => String(Math.round((at - first) / 1000))))
  return arrivals
    .map(([second, { length }]) => (length === 1 ? second : `${second} (${length} calls)`))
    .join(", ")
}

const throttled = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact, note, whileRunning } = yield* Narration
  const calls = 20
  yield* note(
    "The device calls from a new address: Adobe Pass allows it 10 requests at once, then 1 per second."
  )
  const start = yield* Clock.currentTimeMillis
  const progress = Effect.gen(function* () {
    const { api, throttled } = yield* emulator.counts
    const elapsed = seconds(Duration.millis((yield* Clock.currentTimeMillis) - start))
    const bar = `${"#".repeat(api)}${".".repeat(Math.max(0, calls - api))}`
    return `[${bar}] ${api} of ${calls} sent after ${elapsed}, ${throttled} answers of 429`
  })
  const [took, answers] = yield* Effect.timed(
    Effect.forEach(Arr.range(1, calls), () => call, { concurrency: "unbounded" })
  ).pipe(whileRunning(progress))
  const log = yield* emulator.log
  const counts = yield* emulator.counts
  yield* fact("took", seconds(took))
  yield* fact("sent in second", timeline(log))
  return [
    Tour.exactly(calls, "call", statuses(log, "api", 200)),
    Tour.holds("0 answers of 429", counts.throttled === 0, `seen: ${counts.throttled}`),
    Tour.holds("all were answered", answers.length === calls, `${answers.length} were`),
    Tour.holds(
      "10 of them waited, for about 10 seconds in all",
      Math.abs(Duration.toSeconds(took) - 10) < 2.5,
      seconds(took)
    )
  ]
})

/**
 * Takes all steps and shows the summary. Fails with `TourFailed` unless every step did what it says.
 *
 * The store directory is temporary and goes with the scope, also when the tour is interrupted.
 *
 * @since 0.1.0
 * @category programs
 */
export const run = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const emulator = yield* Emulator.Emulator
  const { heading, note } = yield* Narration
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "adobe-pass-" })
  const store = `${directory}/store`
  const home = yield* deviceAt("203.0.113.7")
  const hotel = yield* deviceAt("198.51.100.23")
  const train = yield* deviceAt("192.0.2.99")
  const library = yield* adobePass(store, emulator)

  yield* heading("From a software statement to protected calls")
  yield* note(`Adobe Pass is emulated on ${emulator.baseUrl}; nothing leaves this machine.`)
  yield* Tour.step("The software statement, read offline", statement)
  yield* Effect.all([
    Tour.step("Register the device", register(store)),
    Tour.step("Get an access token", token),
    Tour.step("Call a protected API", protectedCalls)
  ]).pipe(Effect.provide(library), Effect.provideService(CurrentDevice, home))
  yield* Tour.step(
    "Run again, from the store",
    secondRun.pipe(Effect.provide(library), Effect.provideService(CurrentDevice, hotel))
  )
  yield* Tour.step(
    "Outlive the token",
    expiry.pipe(Effect.provide(library), Effect.provideService(CurrentDevice, hotel))
  )
  yield* Effect.gen(function* () {
    const unthrottled = yield* Emulator.Emulator
    const other = yield* adobePass(`${directory}/unthrottled`, unthrottled, { burst: 1000 })
    yield* Tour.step(
      "Lose the token with 50 calls in flight",
      revokedToken.pipe(Effect.provide(other), Effect.provideService(CurrentDevice, home))
    )
  }).pipe(Effect.provide(Emulator.layerServer({ throttle: "off" })))
  yield* Tour.step(
    "Make 20 calls at once",
    throttled.pipe(Effect.provide(library), Effect.provideService(CurrentDevice, train))
  )

  const failed = yield* Tour.summary
  if (failed.length > 0) return yield* new TourFailed({ steps: failed })
  yield* heading("Next: point the same command at an environment of your own, see README.md.")
}).pipe(Effect.scoped, Effect.provide(Layer.merge(Tour.layer, Emulator.layerServer())))

/** The steps of the tour, each with what it shows and what it checks. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
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

const deviceId = "6d1f8f0a-2f0d-4a53-9c6c-walkthrough"

const info: DeviceInfo.DeviceInfo = {
  model: "AFTM",
  version: "montoya",
  osName: "Android",
  osVersion: "5.1.1",
  connectionType: "WiFi"
}

/** One device in several places: the address it calls from is what Adobe Pass throttles by, not who it is. */
export const deviceAt = (ip: string) => Device.make({ id: deviceId, ip, info })

const isoTime = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

const seconds = (duration: Duration.Duration): string => `${Duration.toSeconds(duration).toFixed(1)} s`

const statuses = (log: ReadonlyArray<Traffic.LoggedRequest>, route: Traffic.Route, status: number): number =>
  log.filter((request) => request.route === route && request.status === status).length

/** The library as one process holds it: built anew for every run, over whatever the store directory holds. */
export const adobePass = (
  directory: string,
  emulator: Emulator.Emulator,
  throttle?: Throttle.ThrottleOptions
) =>
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

export const statement = Effect.gen(function* () {
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

export const register = (directory: string) =>
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
        "the credentials are on disk before they are used",
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

export const token = Effect.gen(function* () {
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
  yield* fact("refreshed", `in the background, ${before(0)} to ${before(1)} before that (varies by device)`)
  const counts = yield* emulator.counts
  return [
    Tour.exactly(1, "token request", counts.token),
    Tour.exactly(0, "registration", counts.register),
    Tour.holds("the lifetime is 6 hours", Duration.toHours(lifetime) === 6, Duration.format(lifetime))
  ]
})

export const protectedCalls = Effect.gen(function* () {
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

export const secondRun = Effect.gen(function* () {
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

export const expiry = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { note, whileRunning } = yield* Narration
  const sessions = yield* Sessions.Sessions
  const device = yield* CurrentDevice
  yield* call
  yield* emulator.setTokenTtl("2 seconds")
  // No call is made with the short token, so it does not matter how long its request takes.
  yield* sessions.reject(device, yield* sessions.accessToken(device))
  yield* sessions.accessToken(device)
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

export const revokedToken = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact, note } = yield* Narration
  const calls = 50
  yield* note("An emulator without a throttle, so that 50 calls of one device can be on their way at once.")
  yield* call
  yield* emulator.revokeTokens
  yield* emulator.clearLog
  // Nobody is answered before all are under way: each of the calls meets its own 401.
  yield* emulator.fail({ route: "api", fault: Fault.delay("1 second"), times: calls })
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

export const throttled = Effect.gen(function* () {
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
      "10 of them waited, the last for 10 seconds",
      Duration.toSeconds(took) > 9.5,
      `all were answered after ${seconds(took)}`
    )
  ]
})

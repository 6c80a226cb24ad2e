import * as Http from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { Fault, type Script, type Traffic } from "effect-adobe-pass-emulator"
import { useCli } from "../support/cli.js"
import { seeded } from "../support/seeded.js"
import { freePort } from "../support/servers.js"
import { deviceHeaders, startGateway } from "./gatewaySupport.js"
import { emulator, environmentOf } from "./support.js"

const cli = useCli()

const seed = 20_261_126

/** An answer, or undefined when the connection broke before there was one. */
interface Got {
  readonly status: number
  readonly type: string
  readonly body: string
}

const send = (port: number, target: string, headers: Record<string, string>, agent: Http.Agent) =>
  Effect.async<Got | undefined>((resume) => {
    const nothing: Got | undefined = undefined
    const failed = () => resume(Effect.succeed(nothing))
    Http.get({ port, host: "127.0.0.1", path: target, headers, agent }, (answer) => {
      let body = ""
      answer
        .setEncoding("utf8")
        .on("data", (text) => {
          body += text
        })
        .on("error", failed)
        .on("end", () => {
          const { headers, statusCode = 0 } = answer
          resume(Effect.succeed({ status: statusCode, type: headers["content-type"] ?? "", body }))
        })
    }).on("error", failed)
  })

interface Device {
  readonly id: string
  readonly headers: Record<string, string>
}

/** Devices, each at an address of its own. */
const devices = (count: number): ReadonlyArray<Device> =>
  Array.from({ length: count }, (_, index) => {
    const id = `device-${index}`
    return { id, headers: deviceHeaders(id, `203.0.${113 + (index >> 8)}.${index & 255}`) }
  })

const targetOf = (device: Device, call: number): string =>
  `/api/v2/ACME/profiles?device=${device.id}&call=${call}`

const jsonOf = (text: string): Record<string, unknown> => {
  const value: unknown = JSON.parse(text)
  return typeof value === "object" && value !== null ? { ...value } : {}
}

/** Whether an answer is that of Adobe Pass to exactly this call. */
const isRight = ({ id }: Device, call: number, got: Got): boolean => {
  if (got.status !== 200) return false
  const { deviceIdentifier, query } = jsonOf(got.body)
  return (
    deviceIdentifier === id && JSON.stringify(query) === JSON.stringify({ device: id, call: String(call) })
  )
}

/** Whether an answer is one that the documentation names, and says what to do. */
const isDocumented = ({ body, status, type }: Got): boolean => {
  if (![502, 503, 504].includes(status) || !type.startsWith("application/json")) return false
  const { error, message, retryable } = jsonOf(body)
  return typeof error === "string" && typeof message === "string" && typeof retryable === "boolean"
}

/** Whether it is a fault that outlived the repetitions, told as Adobe Pass has told it. */
const isPassedOn = ({ status }: Got): boolean => [500, 502, 503].includes(status)

type Answers = ReadonlyArray<{
  readonly device: Device
  readonly call: number
  readonly got: Got | undefined
}>

/** All calls of all devices; those of a device at once. */
const storm = (port: number, fleet: ReadonlyArray<Device>, calls: number): Effect.Effect<Answers> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Http.Agent({ keepAlive: true, maxSockets: 200 })),
    (agent) =>
      Effect.forEach(
        Array.from({ length: calls }, (_, call) => fleet.map((device) => ({ device, call }))).flat(),
        ({ call, device }) =>
          Effect.map(send(port, targetOf(device, call), device.headers, agent), (got) => ({
            device,
            call,
            got
          })),
        { concurrency: "unbounded" }
      ),
    (agent) => Effect.sync(() => agent.destroy())
  )

/** Draws for each request of a route whether it fails, and which of the faults it gets. */
const strike = (
  adobe: Script.Script,
  route: Traffic.Route,
  share: number,
  faults: ReadonlyArray<Fault.Fault>,
  random: () => number
): Effect.Effect<void> => {
  const drawn = new WeakMap<Traffic.ReceivedRequest, number>()
  const draw = (request: Traffic.ReceivedRequest): number => {
    const known = drawn.get(request)
    if (known !== undefined) return known
    const fresh = random() < share ? Math.floor(random() * faults.length) : -1
    drawn.set(request, fresh)
    return fresh
  }
  return Effect.forEach(
    faults,
    (fault, index) =>
      adobe.fail({
        route,
        fault,
        times: Number.POSITIVE_INFINITY,
        when: (request) => draw(request) === index
      }),
    { discard: true }
  )
}

const common = [
  Fault.answer(500),
  Fault.answer(503),
  Fault.html(502),
  Fault.delay("100 millis"),
  Fault.reset("before-handling")
]

/** A registration or a token whose answer is lost exists at Adobe Pass: another one is not the fault of the gateway. */
const faulty = (adobe: Script.Script, share: number, more: ReadonlyArray<Fault.Fault> = []) => {
  const random = seeded(seed)
  return Effect.all(
    [
      strike(adobe, "register", share, [...common, ...more], random),
      strike(adobe, "token", share, [...common, ...more], random),
      strike(adobe, "api", share, [...common, ...more, Fault.reset("after-handling"), Fault.truncate], random)
    ],
    { discard: true }
  )
}

/** How many clients were registered for each device, by its address. */
const registrations = (log: ReadonlyArray<Traffic.LoggedRequest>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { forwardedFor = "", route, status } of log) {
    if (route === "register" && status === 201) counts.set(forwardedFor, (counts.get(forwardedFor) ?? 0) + 1)
  }
  return counts
}

const system = (args: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* Effect.orDie(emulator({ restV2: "echo" }))
    const env = yield* environmentOf(adobe, home)
    const gateway = yield* startGateway(cli, home, env, ["--access-log", "none", ...args])
    return { adobe, env, home, ...gateway }
  })

/** A gateway on a port that it can have again. */
const startAt = (port: number, home: string, env: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const args = ["gateway", "--listen", `127.0.0.1:${port}`, "--access-log", "none"]
    const running = yield* cli.start(home, args, { env })
    yield* Effect.orDie(running.says(/listens on http/))
    return running
  })

const statusOf = (port: number) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Http.Agent()),
    (agent) => Effect.map(send(port, "/status", {}, agent), (got) => jsonOf(got?.body ?? "{}")),
    (agent) => Effect.sync(() => agent.destroy())
  )

describe("adobe-pass gateway under load", () => {
  it.scopedLive(
    `answers 2,000 calls of 200 devices rightly while 5 % of all requests fail (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const { adobe, port, running } = yield* system()
        const fleet = devices(200)
        yield* faulty(adobe, 0.05)
        const answers = yield* storm(port, fleet, 10)
        const wrong = answers.filter(
          ({ call, device, got }) =>
            got === undefined || !(isRight(device, call, got) || isDocumented(got) || isPassedOn(got))
        )
        assert.deepStrictEqual(
          wrong.map(({ got }) => got),
          [],
          `seed ${seed}`
        )
        const right = answers.filter(
          ({ call, device, got }) => got !== undefined && isRight(device, call, got)
        )
        // A device whose registration fails is told so in all of its calls, because they come at once.
        assert.isAtLeast(right.length, 1800, `seed ${seed}`)
        const log = yield* adobe.log
        assert.strictEqual(
          log.filter(({ status }) => status === 429).length,
          0,
          "Adobe Pass was called too fast"
        )
        const registered = registrations(log)
        const served = new Set(right.map(({ device }) => device.headers["x-forwarded-for"]))
        assert.deepStrictEqual(
          [...served].filter((address) => !registered.has(address ?? "")),
          []
        )
        assert.deepStrictEqual([...new Set(registered.values())], [1], "registrations of a device")
        const good = log.filter(
          ({ outcome, route, status }) => route === "api" && status === 200 && outcome === "answered"
        )
        assert.isAtLeast(good.length, right.length)
        assert.include(yield* statusOf(port), { in_flight: 0 })
        yield* running.signal("SIGTERM")
        const { code, stderr } = yield* running.ended
        assert.strictEqual(code, 0)
        assert.notMatch(stderr, /fault|error/i)
      })
  )

  it.scopedLive(`waits when Adobe Pass says 429, and passes none on (seed ${seed})`, () =>
    Effect.gen(function* () {
      const { adobe, port } = yield* system()
      const fleet = devices(40)
      const slow = Fault.answer(429, { headers: { "retry-after": "1" } })
      yield* strike(adobe, "api", 0.1, [slow], seeded(seed))
      const answers = yield* storm(port, fleet, 5)
      const log = yield* adobe.log
      assert.isAbove(log.filter(({ status }) => status === 429).length, 0)
      for (const { call, device, got } of answers) {
        assert.isTrue(
          got !== undefined && (isRight(device, call, got) || isDocumented(got)),
          JSON.stringify(got)
        )
      }
      assert.deepStrictEqual([...new Set(registrations(log).values())], [1])
    })
  )
})

describe("adobe-pass gateway that is killed under load", () => {
  it.scopedLive("goes on with the clients that it had", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const adobe = yield* Effect.orDie(emulator({ restV2: "echo" }))
      const env = yield* environmentOf(adobe, home)
      const port = yield* freePort
      const start = startAt(port, home, env)
      const fleet = devices(50)
      const first = yield* start
      for (const { call, device, got } of yield* storm(port, fleet, 1)) {
        assert.isTrue(got !== undefined && isRight(device, call, got), JSON.stringify(got))
      }
      const tokens = (yield* adobe.counts).token
      assert.strictEqual(tokens, fleet.length)
      // Calls are under way, of which some have been answered, when it dies.
      let arrived = 0
      const isBusy = yield* Deferred.make<void>()
      yield* adobe.fail({
        route: "api",
        fault: Fault.delay("20 millis"),
        times: Number.POSITIVE_INFINITY,
        when: () => {
          arrived++
          if (arrived === 60) Deferred.unsafeDone(isBusy, Effect.void)
          return true
        }
      })
      const broken = yield* Effect.fork(storm(port, fleet, 3))
      yield* Deferred.await(isBusy)
      yield* first.signal("SIGKILL")
      const during = yield* broken
      assert.isAbove(during.filter(({ got }) => got === undefined).length, 0, "calls that were cut")
      for (const { call, device, got } of during) {
        assert.isTrue(got === undefined || isRight(device, call, got), JSON.stringify(got))
      }
      yield* start
      for (const { call, device, got } of yield* storm(port, fleet, 2)) {
        assert.isTrue(got !== undefined && isRight(device, call, got), JSON.stringify(got))
      }
      const counts = yield* adobe.counts
      assert.strictEqual(counts.register, fleet.length)
      // A token is used before it is stored, so a few may have been lost with the process.
      assert.isAtMost(counts.token, 2 * fleet.length)
      assert.deepStrictEqual([...new Set(registrations(yield* adobe.log).values())], [1])
    })
  )

  it.scopedLive("registers no device again that had an answer, however early it dies", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const adobe = yield* Effect.orDie(emulator({ restV2: "echo" }))
      const env = yield* environmentOf(adobe, home)
      const port = yield* freePort
      const start = startAt(port, home, env)
      const fleet = devices(60)
      const first = yield* start
      const registered = yield* Deferred.make<void>()
      let seen = 0
      yield* adobe.fail({
        route: "token",
        fault: Fault.delay("1 millis"),
        times: Number.POSITIVE_INFINITY,
        when: () => {
          seen++
          if (seen === fleet.length / 2) Deferred.unsafeDone(registered, Effect.void)
          return true
        }
      })
      const broken = yield* Effect.fork(storm(port, fleet, 1))
      yield* Deferred.await(registered)
      yield* first.signal("SIGKILL")
      const answered = (yield* broken).flatMap(({ device, got }) => (got === undefined ? [] : [device]))
      yield* start
      for (const { call, device, got } of yield* storm(port, fleet, 2)) {
        assert.isTrue(got !== undefined && isRight(device, call, got), JSON.stringify(got))
      }
      const log = yield* adobe.log
      const counts = registrations(log)
      // Who asked for a token had stored its client before.
      const askers = new Set(
        log.filter(({ route }) => route === "token").map(({ forwardedFor }) => forwardedFor)
      )
      assert.strictEqual(askers.size, fleet.length)
      for (const { headers } of answered) assert.strictEqual(counts.get(headers["x-forwarded-for"] ?? ""), 1)
      for (const count of counts.values()) assert.isAtMost(count, 2)
      assert.strictEqual(counts.size, fleet.length)
    })
  )
})

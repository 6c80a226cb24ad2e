import { assert, it } from "@effect/vitest"
import { Clock, Duration, Effect, Random, Schedule } from "effect"
import { Emulator, Fault, Traffic } from "effect-adobe-pass-emulator"
import { kills } from "../support/kills.js"
import { useWorker, type Worker } from "../support/workers.js"
import { addressOf } from "./devices.js"
import { nodeOf, useBackends } from "./fleet.js"

const start = useWorker(new URL("node.ts", import.meta.url))

/** Each mostly waits for the end of a lease. */
const lanes = 10

/** What a victim has to reach before it is killed: after so many milliseconds more, by chance. */
const moments = ["locks", "lease", "registered", "saved"] as const
const longest = 20
/** The answer to a registration is on its way for longer than that. */
const answering = "100 millis"

/** Asks a node for the pair of a device. */
const pairFrom = (node: Worker, device: string) =>
  Effect.gen(function* () {
    yield* node.tell(`pair ${device}`)
    const line = yield* Effect.raceFirst(node.says(`pair ${device} `), node.says(`failed ${device} `))
    return line
  })

const registrationsOf = (device: string) =>
  Effect.flatMap(Emulator.Emulator, ({ log }) =>
    Effect.map(
      log,
      (requests) =>
        requests.filter(
          (request) => request.route === "register" && Traffic.forwardedFor(request) === addressOf(device)
        ).length
    )
  )

const registered = (device: string) =>
  registrationsOf(device).pipe(
    Effect.repeat({ until: (registrations) => registrations > 0, schedule: Schedule.spaced("5 millis") }),
    Effect.asVoid
  )

for (const { describe: describeBackend, kind, place } of useBackends()) {
  describeBackend(`a winner that is killed between its lease and its save, or just after (${kind})`, () => {
    it.scopedLive(
      `${kills} times leaves at most one pair, costs one registration at most, which is told where it may be, and the next node gets through`,
      () =>
        Effect.gen(function* () {
          const emulator = yield* Emulator.Emulator
          const seed = process.env["SEED"] ?? `${yield* Clock.currentTimeMillis}`
          const where = yield* place
          yield* emulator.fail({
            route: "register",
            fault: Fault.delay(answering, "after-handling"),
            times: Number.POSITIVE_INFINITY
          })
          const node = nodeOf(start, where, { lease: "2 seconds" })
          const pairs = new Map<string, string>()
          let lost = 0
          let saved = 0
          let unclear = 0

          const lane = (name: number) =>
            Effect.gen(function* () {
              const random = Random.make(`${seed}-${name}`)
              const survivor = yield* node
              yield* survivor.says("ready")
              for (let kill = 0; kill < kills / lanes; kill++) {
                const device = `device-${name}-${kill}`
                const moment = moments[(name + kill) % moments.length] ?? "lease"
                const victimSaid = yield* Effect.scoped(
                  Effect.gen(function* () {
                    const victim = yield* node
                    yield* victim.says("ready")
                    yield* victim.tell(`pair ${device}`)
                    yield* Effect.raceFirst(
                      moment === "registered" ? registered(device) : Effect.asVoid(victim.says(moment)),
                      // On a busy machine its lease may have ended.
                      Effect.asVoid(victim.says(/^(?:failed|pair) /))
                    )
                    yield* Effect.sleep(Duration.millis(yield* random.nextIntBetween(0, longest)))
                    yield* victim.signal("SIGKILL")
                    yield* victim.ended
                    return victim.lines
                  })
                )
                const before = survivor.lines.length
                const line = yield* pairFrom(survivor, device)
                assert.match(line, /^pair /)
                pairs.set(device, line)
                const shown = victimSaid.find((said) => said.startsWith("pair "))
                if (shown !== undefined) assert.strictEqual(shown, line)
                if (victimSaid.includes("saved")) saved += 1
                const registrations = yield* registrationsOf(device)
                assert.isAtMost(registrations, victimSaid.includes("saved") ? 1 : 2)
                if (registrations === 2) {
                  lost += 1
                  yield* survivor.says("event RegistrationAbandoned")
                }
                const isTold = survivor.lines.slice(before).includes("event RegistrationAbandoned")
                if (registrations === 2) assert.isTrue(isTold, device)
                if (isTold) assert.include(victimSaid, "locks", device)
                if (isTold && registrations < 2) unclear += 1
              }
            })

          yield* Effect.all(
            Array.from({ length: lanes }, (_, name) => lane(name)),
            {
              concurrency: "unbounded"
            }
          )
          assert.isAbove(saved, 0)
          assert.isAbove(lost, 0)
          console.log(
            `${kind}, SEED=${seed}: killed ${kills} winners; ${saved} had saved, ${lost} registrations were lost, and ${unclear} may have been`
          )
          const late = yield* node
          yield* late.says("ready")
          for (const [device, line] of pairs) assert.strictEqual(yield* pairFrom(late, device), line)
          assert.notInclude(late.lines.join("\n"), "event Registered")
        }).pipe(Effect.provide(Emulator.layerServer({ throttle: "off" })))
    )
  })
}

import { createHook } from "node:async_hooks"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  Clock,
  Duration,
  Effect,
  Layer,
  Option,
  Redacted,
  type Scheduler,
  Supervisor,
  TestClock
} from "effect"
import {
  AccessToken,
  ClientCredentials,
  CredentialStore,
  CurrentDevice,
  ProtectedClient,
  type SessionKey,
  SessionState,
  Sessions,
  Transport
} from "effect-adobe-pass"
import { sampleCredentials, sampleKey } from "effect-adobe-pass/testing/CredentialStoreContract"
import { Emulator } from "effect-adobe-pass-emulator"
import { NodeTransport } from "effect-adobe-pass-node"
import { serveBytes } from "../node/transportServer.js"
import { makeStore, onRecords, storeOn } from "../support/store.js"
import { adobePass, device, system } from "../support/system.js"
import { settle } from "../support/time.js"

/**
 * What the library costs, in things that can be counted: they are the same on every machine. A count that grows is a
 * decision: measure what it costs with `npm run bench`, and then raise the number here.
 */

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

class Started extends Supervisor.AbstractSupervisor<void> {
  fibers = 0
  override readonly value = Effect.void
  override onStart(): void {
    this.fibers += 1
  }
}

interface Cost {
  /** Turns of the fibers' run loops. */
  readonly steps: number
  readonly fibers: number
  readonly timers: number
}

/** Runs an effect and counts what it took, in its own fiber and all that it starts. */
const costOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Cost, E, R> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const started = new Started()
    let steps = 0
    let timers = 0
    const scheduler: Scheduler.Scheduler = {
      shouldYield: () => {
        steps += 1
        return false
      },
      scheduleTask: (task) => queueMicrotask(task)
    }
    const counting: Clock.Clock = {
      ...clock,
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
      sleep: (duration) => {
        timers += 1
        return clock.sleep(duration)
      }
    }
    const counted = <B>(work: Effect.Effect<B, E, R>) =>
      Effect.suspend(() => {
        steps = 0
        timers = 0
        started.fibers = 0
        return Effect.map(work, (): Cost => ({ steps, fibers: started.fibers, timers }))
      }).pipe(Effect.withClock(counting), Effect.supervised(started), Effect.withScheduler(scheduler))
    const nothing = yield* counted(Effect.void)
    const all = yield* counted(effect)
    return { steps: all.steps - nothing.steps, fibers: all.fibers, timers: all.timers }
  })

const atMost = (cost: Cost, limit: Cost) => {
  assert.isAtMost(cost.fibers, limit.fibers, "fibers")
  assert.isAtMost(cost.timers, limit.timers, "timers")
  assert.isAtMost(cost.steps, limit.steps, "steps")
}

const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
  adobe.get("/api/v2/ACME/configuration")
)

/** The emulator for `/o/client/*`, and a transport of the library that answers protected calls at once. */
const overTransport = Layer.unwrapEffect(
  Effect.map(HttpClient.HttpClient, (client) => {
    const answer = (request: HttpClientRequest.HttpClientRequest) =>
      request.url.includes("/api/v2/")
        ? Effect.succeed(HttpClientResponse.fromWeb(request, new Response("{}")))
        : client.execute(request)
    return Layer.provide(
      adobePass({ throttle: { burst: 1_000_000 } }),
      Layer.succeed(
        HttpClient.HttpClient,
        Transport.make(client, () => answer)
      )
    )
  })
).pipe(Layer.provideMerge(Layer.merge(Emulator.layer({ throttle: "off" }), CredentialStore.layerMemory)))

describe("the costs", () => {
  it.effect("of a token in memory are one step, and neither a fiber nor a timer", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      yield* sessions.accessToken(device())
      atMost(yield* costOf(sessions.accessToken(device())), { steps: 1, fibers: 0, timers: 0 })
    }).pipe(Effect.provide(system()))
  )

  it.effect("of a warm call are fifteen steps, and neither a fiber nor a timer", () =>
    Effect.gen(function* () {
      yield* call
      yield* TestClock.adjust(SessionState.settlingTime)
      atMost(yield* costOf(call), { steps: 15, fibers: 0, timers: 0 })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(overTransport))
  )

  it.effect("of a warm call over any other HttpClient are two fibers and a timer more", () =>
    Effect.gen(function* () {
      yield* call
      yield* TestClock.adjust(SessionState.settlingTime)
      atMost(yield* costOf(call), { steps: 206, fibers: 2, timers: 1 })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("of the first call of a device are two requests more, and a dozen fibers", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      atMost(yield* costOf(call), { steps: 1029, fibers: 12, timers: 2 })
      const { register, token } = yield* emulator.counts
      assert.deepStrictEqual({ register, token }, { register: 1, token: 1 })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(overTransport))
  )

  it.effect("of the first call of a device are a read, a lock and two writes of the store", () => {
    const { layer, locks, reads, writes } = makeStore()
    return Effect.gen(function* () {
      yield* call
      yield* settle
      // The credentials are saved, and then the token.
      assert.deepStrictEqual([reads.made, locks.made, writes.made], [1, 1, 2])
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: layer })))
  })

  it.effect("of a token that has expired are one read and one write of the store", () => {
    const { layer, reads, writes } = makeStore()
    return Effect.gen(function* () {
      yield* call
      yield* settle
      const before = [reads.made, writes.made]
      yield* TestClock.adjust("7 hours")
      yield* call
      yield* settle
      assert.deepStrictEqual(
        [reads.made, writes.made],
        before.map((made) => made + 1)
      )
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: layer })))
  })

  it.effect("of a hundred first callers are one registration, one token, and a fiber for each", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const cost = yield* costOf(
        Effect.all(
          Array.from({ length: 100 }, () => call),
          { concurrency: "unbounded", discard: true }
        )
      )
      atMost(cost, { steps: 12_900, fibers: 113, timers: 2 })
      const { register, token } = yield* emulator.counts
      assert.deepStrictEqual({ register, token }, { register: 1, token: 1 })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(overTransport))
  )
})

describe("the costs on sockets", () => {
  /** A server without timers, which would be counted, too. */
  const server = Effect.map(
    serveBytes((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")),
    ({ url }) => url
  )

  it.scopedLive(
    "of a thousand requests with a time limit are no timers but those that undici has for its connections",
    () =>
      Effect.gen(function* () {
        const url = yield* server
        const client = yield* HttpClient.HttpClient
        if (!Transport.isTransport(client)) return assert.fail("the client has no time limits of its own")
        const send = client[Transport.TypeId](Duration.seconds(10))
        const get = Effect.flatMap(send(HttpClientRequest.get(url)), ({ text }) => text)
        const made = new Map<string, number>()
        const hook = createHook({
          init: (_id, type) => void made.set(type, (made.get(type) ?? 0) + 1)
        }).enable()
        yield* Effect.all(
          Array.from({ length: 10 }, () => Effect.repeatN(get, 99)),
          { concurrency: "unbounded", discard: true }
        )
        hook.disable()
        const connections = made.get("TCPCONNECTWRAP") ?? 0
        assert.isAtMost(connections, 64)
        // Undici limits each connecting and the idling after each request, and has one clock besides.
        assert.isAtMost(made.get("Timeout") ?? 0, 1000 + connections + 2)
      }).pipe(Effect.provide(NodeTransport.layer()))
  )
})

describe("the memory of a session", () => {
  const sessionsHeld = 20_000
  const tokenLength = 900

  /** The record of a session as the store writes it, with the text of its key where it differs from session to session. */
  const record = Effect.gen(function* () {
    const records = new Map<SessionKey.SessionKey, string>()
    const store = storeOn(onRecords(records))
    const key = sampleKey("a")
    const now = yield* Clock.currentTimeMillis
    const token = new AccessToken.AccessToken({
      value: Redacted.make(key.repeat(15).slice(0, tokenLength)),
      issuedAt: now,
      expiresAt: now + 21_600_000,
      scopes: []
    })
    const pair = new ClientCredentials.ClientCredentials({
      ...sampleCredentials(key, 1),
      clientId: Redacted.make(key),
      clientSecret: Redacted.make(key)
    })
    yield* store.saveCredentials(key, pair)
    yield* store.saveToken(key, pair, token)
    const text = records.get(key) ?? ""
    return (session: string) => text.replaceAll(key, session)
  })

  const madeUp = Layer.effect(
    CredentialStore.CredentialStore,
    Effect.map(record, (recordOf) =>
      storeOn({
        read: (key) => Effect.sync(() => Option.some(recordOf(key))),
        readMany: (keys) => Effect.sync(() => new Map(keys.map((key) => [key, recordOf(key)] as const))),
        compareAndSet: () => Effect.succeed(true),
        remove: () => Effect.void,
        lock: () => Effect.never
      })
    )
  ).pipe(Layer.orDie)

  /** Bytes of the heap for each of the sessions that are brought into memory. */
  const bytesOfASession = Effect.gen(function* () {
    const sessions = yield* Sessions.Sessions
    const devices = function* (from: number, to: number) {
      for (let n = from; n < to; n++) yield device(n)
    }
    // What a collection finalizes is freed by the next one.
    const heap = Effect.map(
      Effect.replicateEffect(Effect.andThen(Effect.sync(collect), Effect.sleep(1)), 3),
      () => process.memoryUsage().heapUsed
    )
    yield* sessions.warm(devices(0, 1000))
    const before = yield* heap
    const held = yield* sessions.warm(devices(1000, sessionsHeld))
    const bytes = ((yield* heap) - before) / held
    assert.strictEqual(held, sessionsHeld - 1000)
    return bytes
  })

  it.live("is that of its secrets and little more", () =>
    Effect.gen(function* () {
      // Tables of the process, such as that of all `Redacted` values, may double during one measurement, and stay so.
      const measured = yield* Effect.replicateEffect(
        Effect.provide(bytesOfASession, system({ store: madeUp })),
        3
      )
      assert.isAtMost(Math.min(...measured) - tokenLength - 2 * sampleKey("a").length, 500)
    })
  )

  it.live("comes from a store in few steps", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const count = 1000
      const cost = yield* costOf(sessions.warm(Array.from({ length: count }, (_, n) => device(n))))
      assert.strictEqual(yield* sessions.size, count)
      assert.isAtMost(cost.steps / count, 18)
      assert.isAtMost(cost.fibers, 14)
    }).pipe(Effect.provide(system({ store: madeUp })))
  )
})

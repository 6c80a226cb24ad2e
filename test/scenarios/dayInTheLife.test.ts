import type { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { type AdobePassError, CurrentDevice } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { RestV2 } from "effect-adobe-pass-rest-v2"
import { leaksIn, searcher, shown, withoutJwtHeader, witness } from "../support/secrets.js"
import { seeded } from "../support/seeded.js"
import { makeStore } from "../support/store.js"
import { adobePass, device } from "../support/system.js"
import { runToEnd } from "../support/time.js"

/**
 * Random days of three devices against the emulator, beside a model of what must be true: who is signed in, who may see
 * what, how many registrations there were, and what a step costs in requests.
 */

const serviceProvider = "ACME"
const minute = 60_000

/** Who signs in where, what their plan has, and how long they stay signed in; nothing means for the whole day. */
const people = [
  { mvpd: "NorthCable", user: "nora", sees: () => true },
  { mvpd: "NorthCable", user: "ned", sees: (resource: string) => resource !== "acme-plus" },
  { mvpd: "WestStream", user: "walt", sees: () => true, seconds: 600 },
  { mvpd: "StrictCable", user: "stella", sees: () => false }
]

const resources = ["acme-live", "acme-plus"]

const devices = [1, 2, 3]

interface SignedIn {
  readonly person: (typeof people)[number]
  readonly until: number
  readonly ended?: true
}

class Day {
  readonly random: () => number
  readonly profiles = new Map<string, SignedIn>()
  readonly used = new Set<number>()
  readonly accessTokens = new Set<string>()
  readonly mediaTokens = new Set<string>()
  readonly steps: Array<string> = []
  /** The devices whose next call may take more than one request. */
  readonly disturbed = new Set<number>()
  readonly #store = makeStore()
  #rest: RestV2.RestV2 | undefined
  #scope: Scope.CloseableScope | undefined

  constructor(seed: number) {
    this.random = seeded(seed)
  }

  pick<A>(values: ReadonlyArray<A>): A {
    const value = values[Math.floor(this.random() * values.length)]
    if (value === undefined) throw new Error("there is nothing to pick from")
    return value
  }

  /** A process ends, and another one begins, on the same store. */
  readonly restart = Effect.suspend(() =>
    Effect.gen(this, function* () {
      if (this.#scope !== undefined) yield* Scope.close(this.#scope, Exit.void)
      this.#scope = yield* Scope.make()
      const layer = RestV2.layer.pipe(Layer.provide(adobePass()), Layer.provide(this.#store.layer))
      const context = yield* Layer.buildWithScope(layer, this.#scope)
      this.#rest = yield* Effect.provide(RestV2.RestV2, context)
    })
  )

  /** How many requests reached the API since the last look. */
  readonly requests = Effect.gen(this, function* () {
    const emulator = yield* Emulator.Emulator
    const log = yield* emulator.log
    yield* emulator.clearLog
    const calls = log.filter(({ route, status }) => route === "api" && status !== 429)
    for (const { headers } of calls)
      this.accessTokens.add(headers["authorization"]?.slice("Bearer ".length) ?? "")
    return calls.length
  })

  /** Makes a call for a device, and checks how many requests it took. */
  call<A, E>(n: number, use: (rest: RestV2.RestV2) => Effect.Effect<A, E, CurrentDevice>) {
    return Effect.gen(this, function* () {
      const rest = this.#rest
      if (rest === undefined) return yield* Effect.dieMessage("nothing runs")
      yield* this.requests
      this.used.add(n)
      const result = yield* runToEnd(Effect.provideService(use(rest), CurrentDevice, device(n)))
      const made = yield* this.requests
      if (!this.disturbed.delete(n)) assert.strictEqual(made, 1, this.told("a call is one request"))
      return result
    })
  }

  told(what: string): string {
    return `${what}, after: ${this.steps.join("; ")}`
  }

  valid(n: number, mvpd: string, now: number): SignedIn | undefined {
    const found = this.profiles.get(`${n} ${mvpd}`)
    return found === undefined || found.ended !== undefined || now >= found.until ? undefined : found
  }

  /** What a decision must say. */
  expected(n: number, mvpd: string, resource: string, now: number, denial: string): string {
    const found = this.valid(n, mvpd, now)
    if (found === undefined) return signInFirst
    return found.person.sees(resource) ? "permit" : denial
  }
}

const signInFirst = "sign in first"

/** A profile that is missing, has expired or was revoked. */
const toSignIn = ({ code }: AdobePassError.AuthenticationRequired): string =>
  code?.startsWith("authenticated_profile_") === true ? signInFirst : `${code}`

type Step = (day: Day, n: number) => Effect.Effect<void, unknown, Emulator.Emulator | HttpClient.HttpClient>

const signIn: Step = (day, n) =>
  Effect.gen(function* () {
    const person = day.pick(people)
    const { mvpd, user } = person
    const now = yield* Clock.currentTimeMillis
    const session = yield* day.call(n, ({ sessions }) =>
      sessions.create({
        serviceProvider,
        mvpd,
        domainName: "acme.example",
        redirectUrl: "https://acme.example/done"
      })
    )
    if (day.valid(n, mvpd, now) !== undefined) {
      assert.strictEqual(session._tag, "Authorize", day.told("who is signed in need not sign in"))
      return
    }
    assert.strictEqual(session._tag, "Authenticate", day.told("who is not signed in has to"))
    const code = session.code ?? ""
    const empty = yield* day.call(n, ({ profiles }) => profiles.forCode({ serviceProvider, code }))
    assert.deepStrictEqual(empty, {}, day.told("nobody has signed in yet"))
    const emulator = yield* Emulator.Emulator
    yield* emulator.signIn({ code, user })
    const at = yield* Clock.currentTimeMillis
    const found = yield* day.call(n, ({ profiles }) => profiles.forCode({ serviceProvider, code }))
    assert.deepStrictEqual(Object.keys(found), [mvpd], day.told("the profile of the code is there"))
    const until = person.seconds === undefined ? Number.POSITIVE_INFINITY : at + person.seconds * 1000
    day.profiles.set(`${n} ${mvpd}`, { person, until })
  })

const lookAtProfiles: Step = (day, n) =>
  Effect.gen(function* () {
    const found = yield* day.call(n, ({ profiles }) => profiles.all({ serviceProvider }))
    const now = yield* Clock.currentTimeMillis
    const mvpds = [...new Set(people.map(({ mvpd }) => mvpd))]
    assert.deepStrictEqual(
      Object.keys(found).sort(),
      mvpds.filter((mvpd) => day.valid(n, mvpd, now) !== undefined).sort(),
      day.told("profiles are those of who is signed in")
    )
  })

const authorize: Step = (day, n) =>
  Effect.gen(function* () {
    const { mvpd } = day.pick(people)
    const resource = day.pick(resources)
    const seen = yield* day.call(n, ({ decisions }) =>
      decisions.authorize({ serviceProvider, mvpd, resources: [resource] }).pipe(
        Effect.map(([decision]) => {
          if (decision?._tag !== "AuthorizationPermit") return decision?.error.code
          day.mediaTokens.add(Redacted.value(decision.token?.serializedToken ?? Redacted.make("")))
          return "permit"
        }),
        Effect.catchTag("AuthenticationRequired", (error) => Effect.succeed(toSignIn(error)))
      )
    )
    const now = yield* Clock.currentTimeMillis
    const expected = day.expected(n, mvpd, resource, now, "authorization_denied_by_mvpd")
    assert.strictEqual(seen, expected, day.told(`${resource} of ${mvpd} is decided`))
  })

const preauthorize: Step = (day, n) =>
  Effect.gen(function* () {
    const { mvpd } = day.pick(people)
    const seen = yield* day.call(n, ({ decisions }) =>
      decisions.preauthorize({ serviceProvider, mvpd, resources }).pipe(
        Effect.map((all) =>
          all.map((decision) => (decision._tag === "PreauthorizationPermit" ? "permit" : decision.error.code))
        ),
        Effect.catchTag("AuthenticationRequired", (error) =>
          Effect.succeed(resources.map(() => toSignIn(error)))
        )
      )
    )
    const now = yield* Clock.currentTimeMillis
    assert.deepStrictEqual(
      seen,
      resources.map((resource) => day.expected(n, mvpd, resource, now, "preauthorization_denied_by_mvpd")),
      day.told(`resources of ${mvpd} are decided`)
    )
  })

const signOut: Step = (day, n) =>
  Effect.gen(function* () {
    const { mvpd } = day.pick(people)
    const now = yield* Clock.currentTimeMillis
    const logouts = yield* day.call(n, ({ logout }) => logout.initiate({ serviceProvider, mvpd }))
    const isSignedIn = day.valid(n, mvpd, now) !== undefined
    assert.strictEqual(
      logouts[mvpd]?._tag,
      isSignedIn ? "LogoutAtMvpd" : "NotSignedIn",
      day.told("only who is signed in can sign out")
    )
    if (isSignedIn) day.profiles.delete(`${n} ${mvpd}`)
  })

const wait: Step = (day) => runToEnd(Effect.sleep(day.pick([1, 11, 7 * 60]) * minute))

/** What Adobe Pass, an MVPD, the network or an operator do. */
const disturb =
  (what: (emulator: Emulator.Emulator) => Effect.Effect<unknown>): Step =>
  (day) =>
    Effect.gen(function* () {
      for (const n of devices) day.disturbed.add(n)
      const emulator = yield* Emulator.Emulator
      yield* emulator.clearFaults
      // A token that is only seconds old is not given up when it is refused.
      yield* runToEnd(Effect.sleep(minute))
      yield* what(emulator)
    })

const endProfiles =
  (how: "expireProfiles" | "revokeProfiles"): Step =>
  (day) =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator[how]()
      for (const [key, profile] of day.profiles) day.profiles.set(key, { ...profile, ended: true })
    })

const restart: Step = (day) => day.restart

/** Each as often as it stands here. */
const steps: ReadonlyArray<readonly [name: string, step: Step]> = [
  ["sign in", signIn],
  ["sign in", signIn],
  ["sign in", signIn],
  ["profiles", lookAtProfiles],
  ["profiles", lookAtProfiles],
  ["authorize", authorize],
  ["authorize", authorize],
  ["authorize", authorize],
  ["preauthorize", preauthorize],
  ["sign out", signOut],
  ["wait", wait],
  ["wait", wait],
  ["restart", restart],
  ["profiles expire", endProfiles("expireProfiles")],
  ["profiles are revoked", endProfiles("revokeProfiles")],
  ["tokens are revoked", disturb(({ revokeTokens }) => revokeTokens)],
  ["tokens expire", disturb(({ expireTokens }) => expireTokens)],
  ["503", disturb(({ fail }) => fail({ route: "api", fault: Fault.answer(503) }))],
  ["429", disturb(({ fail }) => fail({ route: "api", fault: Fault.html(429) }))],
  ["a reset", disturb(({ fail }) => fail({ route: "api", fault: Fault.reset() }))],
  ["a token request that fails", disturb(({ fail }) => fail({ route: "token", fault: Fault.answer(500) }))]
]

/** A day of so many steps, and what must be true when it is over. */
const live = (seed: number, length: number) =>
  Effect.gen(function* () {
    const day = new Day(seed)
    const emulator = yield* Emulator.Emulator
    yield* day.restart
    for (let at = 0; at < length; at++) {
      const [name, step] = day.pick(steps)
      const n = day.pick(devices)
      day.steps.push(`${name} (${n})`)
      yield* step(day, n)
    }
    const clients = yield* emulator.clients
    assert.strictEqual(clients.length, day.used.size, day.told("each device has registered once"))
    return day
  })

const seeds = Array.from({ length: 12 }, (_, n) => 20_261_126 + n)

describe("a day in the life of three devices", () => {
  it.scoped.each(seeds)("goes as it must, whatever happens: seed %s (A2, A3, E6, F4, H5)", (seed) =>
    Effect.asVoid(live(seed, 60)).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )

  it.scoped("is paced so that a service which throttles refuses nothing (I3)", () =>
    Effect.gen(function* () {
      yield* live(1, 60)
      const { throttled } = yield* Effect.flatMap(Emulator.Emulator, ({ counts }) => counts)
      assert.strictEqual(throttled, 0)
    }).pipe(Effect.provide(Emulator.layer()))
  )

  it.scoped("shows no secret in spans and logs, media tokens included (E5, H10)", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const run = yield* witness(live(4, 60))
      const { accessTokens, mediaTokens } = yield* run.exit
      assert.isAbove(accessTokens.size, 0)
      assert.isAbove(mediaTokens.size, 0)
      const secrets = [
        { name: "software statement", value: withoutJwtHeader(softwareStatement) },
        ...[...accessTokens].map((value) => ({ name: "access token", value: withoutJwtHeader(value) })),
        ...[...mediaTokens].map((value) => ({ name: "media token", value }))
      ]
      assert.deepStrictEqual(
        leaksIn(searcher(secrets), yield* shown({ ...run, exit: Exit.succeed("lived") })),
        []
      )
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )
})

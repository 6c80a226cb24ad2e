/** Whether the device or instance has credentials, and gets a token for them. */

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { AdobePassError } from "effect-adobe-pass/AdobePassError"
import { CredentialStore } from "effect-adobe-pass/CredentialStore"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as SessionKey from "effect-adobe-pass/SessionKey"
import { Sessions } from "effect-adobe-pass/Sessions"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import type * as Settings from "../Settings.js"
import { at, span } from "../Time.js"
import * as Variable from "../Variable.js"
import { type Check, type Facts, need, type Outcome } from "./check.js"
import { failure, note, ok, skipped } from "./findings.js"
import { observer, type Traffic } from "./traffic.js"

/** Without leave the library must not register again, either, which it else may for credentials that are refused. */
const withoutRegistering = (settings: Settings.Settings): Settings.Settings => ({
  ...settings,
  found: new Map([
    ...settings.found,
    [Variable.of("sessions.reregister"), { value: "never", source: "doctor" }]
  ])
})

const library = (settings: Settings.Settings, register: boolean, traffic: Traffic) =>
  Layer.build(Application.layer(register ? settings : withoutRegistering(settings), observer(traffic)))

const nameOf = ({ _tag }: Caller.Caller): string => (_tag === "Device" ? "device" : "instance")

const unregistered = (caller: Caller.Caller, learned: Facts): Outcome => ({
  findings: [
    note(
      `This ${nameOf(caller)} is not registered; its first call registers it.`,
      "With --register the doctor registers it now, and goes on."
    )
  ],
  learned
})

/** What to do about refusals that depend on the environment. */
const adviceFor = (error: AdobePassError, environment: string): string | undefined => {
  switch (error._tag) {
    case "UnapprovedSoftwareStatement":
    case "InvalidSoftwareStatement":
      return `Open the registered application in the TVE Dashboard of ${environment}, and download its statement there.`
    case "InvalidClient":
      return "Run adobe-pass sessions forget for it, then register again; its users then sign in again."
    case "Throttled":
      return "Let other programs that speak for this address send less, or wait."
    default:
      return undefined
  }
}

/** The credentials and a token, in two requests at most. */
const registered = (caller: Caller.Caller, environment: string, learned: Facts) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const credentials = yield* sessions.credentials(caller.device)
    const token = yield* sessions.accessToken(caller.device)
    const left = span(token.expiresAt - (yield* Clock.currentTimeMillis))
    const scopes =
      token.scopes.length === 0 ? "scopes that it does not tell" : `scopes ${token.scopes.join(", ")}`
    return {
      findings: [
        ok(`The ${nameOf(caller)} was registered on ${at(credentials.issuedAt)}.`),
        ok(`Its token is valid for ${left}, with ${scopes}.`)
      ],
      learned: { ...learned, token }
    } satisfies Outcome
  }).pipe(
    Effect.catchAll((error) =>
      Effect.succeed<Outcome>({ findings: [failure(error, adviceFor(error, environment))], learned })
    )
  )

/** What a registration needs of the checks before. */
const ready = (facts: Facts) =>
  Effect.all([
    need(facts, "application"),
    need(facts, "statement"),
    need(facts, "reached"),
    need(facts, "store")
  ])

export const registration: Check = {
  name: "registration",
  run: (facts, { register, traffic }) =>
    Effect.gen(function* () {
      const settings = yield* need(facts, "settings")
      const caller = yield* Caller.resolve(settings)
      const described = { caller }
      const blocked = yield* Effect.flip(ready(facts)).pipe(Effect.option)
      if (Option.isSome(blocked)) return { findings: [skipped(blocked.value.reason)], learned: described }
      const { name } = yield* need(facts, "environment")
      if (facts.store === "absent" && !register) return unregistered(caller, described)
      const services = yield* library(settings, register, traffic)
      const learned = { caller, services }
      const work = Effect.gen(function* () {
        const store = yield* CredentialStore
        const key = yield* SessionKey.make(yield* RegisteredApplication, caller.device)
        const stored = yield* store.load(key)
        return Option.isNone(stored) && !register
          ? unregistered(caller, learned)
          : yield* registered(caller, name, learned)
      })
      return yield* Effect.provide(work, services)
    })
}

/** Decides on resources: by an MVPD, by the rule of a degradation, or by what is left of a temporary access. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Decision, Decisions } from "effect-adobe-pass-rest-v2/Decision"
import type { EnhancedErrorCode } from "../../EnhancedErrorCode.js"
import type { Degradation, Mvpd, TempPass } from "../../World.js"
import { enhancedErrorBody } from "../answer.js"
import type { Caller } from "./caller.js"
import { degradationOf, mvpdOf, personOf, serviceProviderOf } from "./catalog.js"
import { Emulated, now, type Refused, refuse } from "./emulated.js"
import { mediaToken } from "./mediaToken.js"
import type { MvpdFailures } from "./mvpdFailures.js"
import { type Identity, type SignedIn, signedInWith } from "./signedIn.js"
import { useTemporary } from "./temporary.js"
import { denialOf } from "./verdict.js"

/** Whether somebody is going to play, or looks at a catalogue. */
export type Kind = "authorize" | "preauthorize"

/** A call for decisions. */
export interface Asked {
  readonly kind: Kind
  readonly from: Caller
  readonly serviceProvider: string
  readonly mvpd: Mvpd
  readonly resources: ReadonlyArray<string>
  readonly identity: Identity
  readonly tempPassIdentity: Readonly<Record<string, string>> | undefined
  readonly nowMillis: number
}

interface Denial {
  readonly code: EnhancedErrorCode
  readonly details?: string | undefined
}

/** Until when Adobe Pass answers from its own cache. */
interface Validity {
  readonly notBefore?: number
  readonly notAfter?: number
}

/** A permit has a token only where somebody is going to play. */
const decision = (
  { kind, mvpd, nowMillis, serviceProvider }: Asked,
  source: Decision["source"],
  resource: string,
  denial: Denial | undefined,
  validity: Validity = {}
): Decision => {
  const members = { resource, serviceProvider, mvpd: mvpd.id, source }
  if (denial !== undefined) {
    return { ...members, authorized: false, error: enhancedErrorBody(denial.code, denial.details) }
  }
  const permit = { ...members, authorized: true, ...validity }
  return kind === "authorize"
    ? {
        ...permit,
        token: mediaToken({ serviceProvider, mvpd: mvpd.id, resource: resource.trim() }, nowMillis)
      }
    : permit
}

const byRule = (asked: Asked, { message, rule }: Degradation): ReadonlyArray<Decision> =>
  asked.resources.map((resource) =>
    decision(
      asked,
      "degradation",
      resource,
      rule === "AuthZNone"
        ? { code: "authorization_denied_by_degradation_rule", details: message }
        : undefined
    )
  )

/** Preauthorization permits everything, and uses nothing up. */
const temporarily = (asked: Asked, pass: TempPass) =>
  Effect.forEach(asked.resources, (resource) =>
    asked.kind === "preauthorize"
      ? Effect.succeed(decision(asked, "temppass", resource, undefined))
      : Effect.map(
          useTemporary(
            asked.mvpd,
            pass,
            {
              serviceProvider: asked.serviceProvider,
              device: asked.from.device,
              identity: asked.tempPassIdentity
            },
            resource
          ),
          (code) => decision(asked, "temppass", resource, code === undefined ? undefined : { code })
        )
  )

const byMvpd = (
  asked: Asked,
  { stored }: SignedIn,
  failures: MvpdFailures
): Effect.Effect<ReadonlyArray<Decision>> => {
  const { kind, mvpd, nowMillis, resources } = asked
  const person = personOf(mvpd, stored.user)
  const notAfter = Math.min(stored.notAfter, nowMillis + mvpd.decisionSeconds * 1000)
  const decisions = resources.map((resource) => {
    const code = failures.take(mvpd.id, kind, resource) ?? denialOf(kind, mvpd, person, resource)
    const validity = kind === "authorize" ? { notBefore: nowMillis, notAfter } : {}
    return decision(asked, "mvpd", resource, code === undefined ? undefined : { code }, validity)
  })
  return mvpd.delayMillis === 0
    ? Effect.succeed(decisions)
    : Effect.delay(Effect.succeed(decisions), mvpd.delayMillis)
}

const decide = (asked: Asked): Effect.Effect<ReadonlyArray<Decision>, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const { from, identity, kind, mvpd, nowMillis, resources, serviceProvider } = asked
    const code = restV2.failures.take(mvpd.id, kind)
    if (code !== undefined) return resources.map((resource) => decision(asked, "mvpd", resource, { code }))
    if (mvpd.tempPass !== undefined) return yield* temporarily(asked, mvpd.tempPass)
    const degradation = degradationOf(restV2.world, mvpd.id)
    if (degradation?.rule === "AuthNAll") return byRule(asked, degradation)
    const signedIn = signedInWith(restV2, { ...from, serviceProvider }, mvpd.id, identity, nowMillis)
    if (Either.isLeft(signedIn)) return yield* refuse(signedIn.left)
    return degradation === undefined
      ? yield* byMvpd(asked, signedIn.right, restV2.failures)
      : byRule(asked, degradation)
  })

/** Left out, empty, or without text in one of them. */
const isList = (resources: ReadonlyArray<string>): boolean =>
  resources.length > 0 && resources.every((resource) => resource.trim() !== "")

/** Refuses what Adobe Pass does not ask an MVPD about. */
export const decisionsOn = (
  asked: Omit<Asked, "mvpd" | "nowMillis"> & { readonly mvpd: string }
): Effect.Effect<Decisions, Refused, Emulated> =>
  Effect.gen(function* () {
    const mvpd = yield* mvpdOf(yield* serviceProviderOf(asked.serviceProvider), asked.mvpd)
    if (!isList(asked.resources)) return yield* refuse("invalid_parameter_resources")
    if (asked.resources.length > mvpd.limits[asked.kind]) return yield* refuse("too_many_resources")
    return { decisions: yield* decide({ ...asked, mvpd, nowMillis: yield* now }) }
  })

/** What the services of an application note of their work, for `AdobePass.health`: numbers and tags, nothing of a device. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { CredentialStoreError, ProtectedCallError, RegistrationRefused } from "../../AdobePassError.js"

/** Something never happened. A number, so that a later time is written without an allocation. */
export const never = Number.NEGATIVE_INFINITY

/** How the last requests to one place went. */
export class Outcomes<Failure extends object> {
  succeededAt = never
  consecutiveFailures = 0
  lastFailure: (Failure & { readonly at: number }) | undefined = undefined

  succeeded(at: number): void {
    this.succeededAt = at
    this.consecutiveFailures = 0
  }

  failed(failure: Failure, at: number): void {
    this.consecutiveFailures += 1
    this.lastFailure = { ...failure, at }
  }
}

/** Errors that do not come from an endpoint. */
type NotOfAnEndpoint = "InvalidInput" | "ForeignOrigin" | "CredentialStoreError"

/** Errors that say something about a request, a device or a user, and not about the service, which has answered. */
type Answer =
  | "RequestRejected"
  | "ConfigurationRequired"
  | "AuthenticationRequired"
  | "AuthorizationRequired"
  | "InvalidClient"

/** The tags of the errors that count as failures of an endpoint. */
export type EndpointError = Exclude<ProtectedCallError["_tag"], NotOfAnEndpoint | Answer>

/** The reasons that are the fault of one record. The store works, and has answered. */
export type RecordFault = Extract<
  CredentialStoreError["reason"],
  "Corrupt" | "Mismatch" | "Newer" | "Encrypted" | "Plaintext"
>

/** How a store fails. */
export interface StoreFailure {
  readonly operation: CredentialStoreError["operation"]
  readonly reason: Exclude<CredentialStoreError["reason"], RecordFault>
}

/** How the last operations of a store went: one that can be read may be full, or refuse to be written. */
export interface StoreOutcomes {
  readonly reads: Outcomes<StoreFailure>
  readonly writes: Outcomes<StoreFailure>
}

/** How an endpoint fails. */
export interface EndpointFailure {
  readonly error: EndpointError
}

type Refusal = RegistrationRefused["_tag"]

export const isRefusal = (error: EndpointError): error is Refusal =>
  error === "InvalidRequest" ||
  error === "InvalidRedirectUri" ||
  error === "InvalidSoftwareStatement" ||
  error === "UnapprovedSoftwareStatement"

/** Keeps a refusal until a device is registered: an outage in between does not take it back. */
export class RegistrationOutcomes extends Outcomes<EndpointFailure> {
  refusal: Refusal | undefined = undefined

  override succeeded(at: number): void {
    super.succeeded(at)
    this.refusal = undefined
  }

  override failed(failure: EndpointFailure, at: number): void {
    super.failed(failure, at)
    if (isRefusal(failure.error)) this.refusal = failure.error
  }
}

/** The notes of one application. */
export interface HealthRecord {
  readonly startedAt: number
  readonly store: StoreOutcomes
  readonly registration: RegistrationOutcomes
  readonly token: Outcomes<EndpointFailure>
  readonly sp: Outcomes<EndpointFailure>
  readonly mgmt: Outcomes<EndpointFailure>
  /** Reads of a token that found a usable one in memory, and others. */
  tokenHits: number
  tokenMisses: number
  /** When credentials were refused last, if refused ones have to wait. */
  refusingAt: number
  clockSkew: number | undefined
}

export const HealthRecord: Context.Tag<HealthRecord, HealthRecord> = Context.GenericTag<HealthRecord>(
  "effect-adobe-pass/HealthRecord"
)

const make: Effect.Effect<HealthRecord> = Effect.map(Clock.currentTimeMillis, (startedAt) => ({
  startedAt,
  store: { reads: new Outcomes<StoreFailure>(), writes: new Outcomes<StoreFailure>() },
  registration: new RegistrationOutcomes(),
  token: new Outcomes<EndpointFailure>(),
  sp: new Outcomes<EndpointFailure>(),
  mgmt: new Outcomes<EndpointFailure>(),
  tokenHits: 0,
  tokenMisses: 0,
  refusingAt: never,
  clockSkew: undefined
}))

/** The record of one application. Each layer has its own: one that is the same would be shared by applications. */
export const layer = (): Layer.Layer<HealthRecord> => Layer.effect(HealthRecord, make)

/** The record of the application; one that nobody reads for a service that is built by itself. */
export const current: Effect.Effect<HealthRecord> = Effect.flatMap(
  Effect.serviceOption(HealthRecord),
  Option.match({ onNone: () => make, onSome: Effect.succeed })
)

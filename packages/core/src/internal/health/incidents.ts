/** What is wrong with an application, as its notes show it. */
import type { RegistrationRefused } from "../../AdobePassError.js"
import type { ThrottleStatus } from "../../Throttle.js"
import {
  type EndpointError,
  type HealthRecord,
  isRefusal,
  type Outcomes,
  type StoreFailure
} from "./healthRecord.js"

type Endpoint = "registration" | "token" | "sp" | "mgmt"

export type Incident =
  | {
      readonly _tag: "RegistrationRefused"
      readonly error: RegistrationRefused["_tag"]
      readonly message: string
    }
  | { readonly _tag: "CredentialsRefused"; readonly message: string }
  | {
      readonly _tag: "EndpointFails"
      readonly endpoint: Endpoint
      readonly error: EndpointError
      readonly consecutiveFailures: number
      readonly message: string
    }
  | {
      readonly _tag: "StoreFails"
      readonly operation: StoreFailure["operation"]
      readonly reason: StoreFailure["reason"]
      readonly consecutiveFailures: number
      readonly message: string
    }
  | { readonly _tag: "ThrottleAlone"; readonly message: string }
  | { readonly _tag: "Throttled"; readonly message: string }

/** A failure may be the fault of one request; so many in a row are not. */
const inARow = 3

/** Older failures say nothing about now. */
const longestSilence = 3_600_000

/** For so long a 429, or a refusal of credentials, is news. */
const recent = 300_000

const names: { readonly [E in Endpoint]: string } = {
  registration: "The registration endpoint",
  token: "The token endpoint",
  sp: "The service for protected calls",
  mgmt: "The management APIs"
}

const statement = "download the software statement again for this environment from the TVE Dashboard"
const application = "check that the registered application is active in the TVE Dashboard"
const url = "check that the base URL is an Adobe Pass environment and that no proxy answers in its place"
const wait = "wait, and ask Adobe support if it lasts"

const remedies: { readonly [E in EndpointError]: string } = {
  InvalidRequest: "check the software statement and the redirect URI",
  InvalidRedirectUri: "use a redirect URI in one of the domains of the registered application",
  InvalidSoftwareStatement: statement,
  UnapprovedSoftwareStatement: `${application} and its statement was not revoked`,
  UnauthorizedClient: "check the type of the registered application in the TVE Dashboard",
  UnsupportedGrantType: url,
  Throttled: "send fewer requests, and check that the address of each device is forwarded",
  ServiceUnavailable: wait,
  TransportError: "check the network between this process and Adobe Pass",
  UnexpectedResponse: url,
  AccessTokenRejected: wait,
  ApplicationRegistrationRequired: application,
  InsufficientScope:
    "use the software statement of a registered application with the scope that the API needs",
  TemporaryFailure: wait
}

/** Management APIs count the calls of the address that they come from; all others count those of a device. */
const remedyOf = (endpoint: Endpoint, error: EndpointError): string =>
  endpoint === "mgmt" && error === "Throttled"
    ? "send fewer requests, because they count all that come from the address of this machine"
    : remedies[error]

const storeRemedies: { readonly [Reason in StoreFailure["reason"]]: string } = {
  Unavailable: "bring it back",
  Timeout: "check its load",
  Locked: "check that the processes that share it are well",
  Evicting: "set its maxmemory-policy to noeviction",
  Unsupported: "use one that has the operation"
}

/** Whether something happened less than `millis` before `now`. A time in the future is old: the clock was set back. */
const isWithin = (at: number, now: number, millis: number): boolean => at <= now && now - at < millis

/** The last failure, while so many of the last requests failed that it is no accident. */
const lasting = <F extends object>({ consecutiveFailures, lastFailure }: Outcomes<F>, now: number) =>
  consecutiveFailures >= inARow && lastFailure !== undefined && isWithin(lastFailure.at, now, longestSilence)
    ? lastFailure
    : undefined

/** However long ago: a device whose registration is refused does not ask again. */
const refusedRegistration = ({ registration }: HealthRecord): ReadonlyArray<Incident> => {
  const error = registration.refusal
  return error === undefined
    ? []
    : [
        {
          _tag: "RegistrationRefused",
          error,
          message: `Adobe Pass refuses to register devices of this application (${error}): ${remedies[error]}.`
        }
      ]
}

const refusedCredentials = ({ refusingAt }: HealthRecord, now: number): ReadonlyArray<Incident> =>
  isWithin(refusingAt, now, recent)
    ? [
        {
          _tag: "CredentialsRefused",
          message:
            "The token endpoint refuses the credentials of several devices, which are kept for now: ask Adobe support whether the credentials were lost, if it lasts."
        }
      ]
    : []

const failingEndpoint =
  (record: HealthRecord, now: number) =>
  (endpoint: Endpoint): ReadonlyArray<Incident> => {
    const error = lasting(record[endpoint], now)?.error
    // A refused registration is told already.
    if (error === undefined || (endpoint === "registration" && isRefusal(error))) return []
    const { consecutiveFailures } = record[endpoint]
    return [
      {
        _tag: "EndpointFails",
        endpoint,
        error,
        consecutiveFailures,
        message: `${names[endpoint]} failed ${consecutiveFailures} times in a row (${error}): ${remedyOf(endpoint, error)}.`
      }
    ]
  }

const failingStore = ({ store: { reads, writes } }: HealthRecord, now: number): ReadonlyArray<Incident> => {
  const failing = [reads, writes].find((outcomes) => lasting(outcomes, now) !== undefined)
  if (failing?.lastFailure === undefined) return []
  const { consecutiveFailures, lastFailure } = failing
  const { operation, reason } = lastFailure
  return [
    {
      _tag: "StoreFails",
      operation,
      reason,
      consecutiveFailures,
      message: `The credential store failed ${consecutiveFailures} times in a row (${operation}: ${reason}): ${storeRemedies[reason]}.`
    }
  ]
}

const ofThrottle = ({ mode, throttledAt }: ThrottleStatus, now: number): ReadonlyArray<Incident> => [
  ...(mode === "alone"
    ? [
        {
          _tag: "ThrottleAlone" as const,
          message:
            "The shared buckets cannot be asked and this process paces by itself: bring back what keeps them."
        }
      ]
    : []),
  ...(throttledAt !== undefined && isWithin(throttledAt, now, recent)
    ? [
        {
          _tag: "Throttled" as const,
          message:
            "Adobe Pass answered 429 in the last five minutes: check that the address of each device is forwarded, and that nothing else sends requests for it."
        }
      ]
    : [])
]

/** What is wrong at `now`, the worst first. */
export const incidents = (
  record: HealthRecord,
  throttle: ThrottleStatus,
  now: number
): ReadonlyArray<Incident> => [
  ...refusedRegistration(record),
  ...refusedCredentials(record, now),
  ...(["token", "registration", "sp", "mgmt"] as const).flatMap(failingEndpoint(record, now)),
  ...failingStore(record, now),
  ...ofThrottle(throttle, now)
]

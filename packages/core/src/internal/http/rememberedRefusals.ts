/** Which APIs refuse the tokens of which devices, though they are fresh: what a call need not ask. */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import { type AccessToken, sameToken } from "../../AccessToken.js"
import type {
  AccessTokenRejected,
  ApplicationRegistrationRequired,
  ProtectedCallError
} from "../../AdobePassError.js"
import type { Device } from "../../Device.js"
import type { Api } from "./target.js"

type TokenRefusal = AccessTokenRejected | ApplicationRegistrationRequired

interface Call {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly api: Api
  readonly device: Device
  readonly startedAt: number
}

/** Times are milliseconds since the epoch. */
interface Refusal {
  readonly error: TokenRefusal
  readonly token: AccessToken
  /** When the first refusal in the row happened. */
  readonly first: number
  readonly since: number
  readonly until: number
}

const shortest = 3000
const longest = 300_000
const capacity = 10_000

export const isTokenRefusal = (error: ProtectedCallError): error is TokenRefusal =>
  error._tag === "ApplicationRegistrationRequired" ||
  (error._tag === "AccessTokenRejected" && error.replayable)

/** A service provider of REST API v2, or another family of APIs, for a device: each may refuse alone. */
const nameOf = ({ api, device, request }: Call): string => {
  const [path = ""] = request.url.split(/[?#]/, 1)
  return `${path.split("/", api === "restV2" ? 6 : 4).join("/")} ${Redacted.value(device.id)}`
}

/**
 * Remembers a refusal for a short time, which grows while the refusals last. A success ends it, and so does another token:
 * after `forget`, a new registration, or a refresh it is tried again.
 */
export class RememberedRefusals {
  /** In the order of the last refusal. */
  readonly #refusals = new Map<string, Refusal>()

  get isEmpty(): boolean {
    return this.#refusals.size === 0
  }

  /** Whether the API has refused the device a short time ago. */
  has(call: Call): boolean {
    return !this.isEmpty && this.#lastInRow(nameOf(call), call.startedAt) !== undefined
  }

  /** What the API says to this token, as far as it is known when the call starts. */
  at(call: Call, token: AccessToken): TokenRefusal | undefined {
    const refusal = this.#refusals.get(nameOf(call))
    // A refusal in the future means that the clock was set back.
    return refusal !== undefined &&
      call.startedAt >= refusal.since &&
      call.startedAt < refusal.until &&
      sameToken(refusal.token, token)
      ? refusal.error
      : undefined
  }

  add(call: Call, token: AccessToken, error: TokenRefusal, at: number): void {
    const name = nameOf(call)
    const first = this.#lastInRow(name, at)?.first ?? at
    const wait = Math.max(shortest, Math.min(longest, at - first))
    this.#refusals.delete(name)
    this.#refusals.set(name, { error, token, first, since: at, until: at + wait })
    const oldest = this.#refusals.keys().next().value
    if (this.#refusals.size > capacity && oldest !== undefined) this.#refusals.delete(oldest)
  }

  forget(call: Call): void {
    this.#refusals.delete(nameOf(call))
  }

  /** The refusal that one at `at` would follow: an old one says nothing about today, nor does one in the future. */
  #lastInRow(name: string, at: number): Refusal | undefined {
    const last = this.#refusals.get(name)
    return last !== undefined && at >= last.since && at < last.until + longest ? last : undefined
  }
}

/** What the requests of the doctor have met. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Throttle from "effect-adobe-pass/Throttle"
import type { Observer } from "../Application.js"

export interface Counts {
  readonly sent: number
  /** Answers of 429. */
  readonly throttled: number
  /** Requests that had to wait for their turn here. */
  readonly waited: number
}

export type Traffic = Ref.Ref<Counts>

export const make: Effect.Effect<Traffic> = Ref.make<Counts>({ sent: 0, throttled: 0, waited: 0 })

/** Counts the answer to a request. */
export const answered = (traffic: Traffic, status: number): Effect.Effect<void> =>
  Ref.update(traffic, (counts) => ({
    ...counts,
    sent: counts.sent + 1,
    throttled: counts.throttled + (status === 429 ? 1 : 0)
  }))

const paced = (traffic: Traffic, throttle: Throttle.Throttle): Throttle.Throttle => ({
  ...throttle,
  take: (key, options) =>
    Effect.tap(throttle.take(key, options), (waited) =>
      waited ? Ref.update(traffic, (counts) => ({ ...counts, waited: counts.waited + 1 })) : Effect.void
    )
})

/** Counts what the library sends, and its waits. */
export const observer = (traffic: Traffic): Observer => ({
  transport: HttpClient.tap(({ status }) => answered(traffic, status)),
  throttle: (throttle) => paced(traffic, throttle)
})

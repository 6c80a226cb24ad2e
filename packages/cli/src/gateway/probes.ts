/** What the gateway says of itself: `/healthz`, `/readyz`, `/metrics` and `/status`. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as AdobePass from "effect-adobe-pass/AdobePass"
import { CredentialStore } from "effect-adobe-pass/CredentialStore"
import type { Device } from "effect-adobe-pass/Device"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as SessionKey from "effect-adobe-pass/SessionKey"
import type { Activity } from "./activity.js"
import { ofError, type Refused, refuse, shuttingDown, unavailable } from "./answer.js"
import * as Prometheus from "./prometheus.js"
import * as Status from "./status.js"

/** An answer with its media type. */
export interface Page {
  readonly contentType: string
  readonly body: string
}

/** What the pages need. */
export type Services = Effect.Effect.Context<typeof AdobePass.health>

/** The pages by path. Only the first may be read by everybody. */
export interface Probes {
  readonly health: Effect.Effect<Page>
  readonly guarded: ReadonlyMap<string, Effect.Effect<Page, Refused, Services>>
}

const json = (value: unknown): Page => ({
  contentType: "application/json;charset=utf-8",
  body: `${JSON.stringify(value)}\n`
})

const tooSlow = unavailable(
  "StoreTimeout",
  "The credential store did not answer within 2 s: check its load.",
  5
)

/** Reads the session of the instance, whether there is one or not. Many probes at once read it once. */
const storeIsUsable = (instance: Device) =>
  Effect.gen(function* () {
    const application = yield* RegisteredApplication
    const store = yield* CredentialStore
    const session = yield* SessionKey.make(application, instance)
    return yield* Effect.cachedWithTTL(
      store
        .load(session)
        .pipe(
          Effect.mapError(ofError),
          Effect.timeoutFail({ duration: "2 seconds", onTimeout: () => tooSlow }),
          Effect.asVoid
        ),
      "1 second"
    )
  })

/** The pages of a gateway. */
export const make = (
  activity: Activity,
  instance: Device
): Effect.Effect<Probes, never, CredentialStore | RegisteredApplication> =>
  Effect.map(storeIsUsable(instance), (store) => ({
    health: Effect.succeed(json({ alive: true })),
    guarded: new Map<string, Effect.Effect<Page, Refused, Services>>([
      [
        "/readyz",
        Effect.suspend(() => (activity.isDraining ? shuttingDown : Effect.as(store, json({ ready: true }))))
      ],
      [
        // Without those of the runtime, which say nothing to an operator.
        "/metrics",
        Effect.map(Metric.snapshot, (snapshot) => ({
          contentType: Prometheus.contentType,
          body: Prometheus.text(snapshot.filter(({ metricKey }) => metricKey.name.startsWith("adobe_pass_")))
        }))
      ],
      ["/status", Effect.map(Status.now(activity), json)]
    ])
  }))

/** What another method than GET and HEAD is told. */
export const readOnly: Refused = refuse(405, "MethodNotAllowed", "This page can only be read.", {
  allow: "GET, HEAD"
})

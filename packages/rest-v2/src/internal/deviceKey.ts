import * as Effect from "effect/Effect"
import { CurrentDevice } from "effect-adobe-pass/Device"
import type { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as SessionKey from "effect-adobe-pass/SessionKey"
import type { OfProvider } from "../RestV2.js"

/** The name of what belongs to the current device at a service provider. It shows nothing of the device. */
export const deviceKey = (
  application: RegisteredApplication,
  { serviceProvider }: OfProvider
): Effect.Effect<string, never, CurrentDevice> =>
  Effect.map(
    Effect.flatMap(CurrentDevice, (device) => SessionKey.make(application, device)),
    (key) => `${key}-${serviceProvider}`
  )

/**
 * The name under which the credentials of one device are stored.
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Device } from "./Device.js"
import { sha256Hex } from "./internal/sha256.js"
import type { RegisteredApplication } from "./RegisteredApplication.js"

/**
 * 64 lower-case hexadecimal digits: safe as a file name, a Redis key or a primary key, and it shows nothing of the
 * device.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionKey = string & Brand.Brand<"effect-adobe-pass/SessionKey">

/**
 * @since 0.1.0
 * @category schemas
 */
export const SessionKey = Schema.String.pipe(
  Schema.pattern(/^[0-9a-f]{64}$/),
  Schema.brand("effect-adobe-pass/SessionKey")
)

/**
 * The key of a device: a SHA-256 over the environment, the application behind the software statement, and the device
 * identifier. Another environment, application or device is another key.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (application: RegisteredApplication, device: Device): Effect.Effect<SessionKey> =>
  Effect.map(
    sha256Hex(
      JSON.stringify([
        application.environment.name,
        application.environment.sp,
        application.softwareStatement.fingerprint,
        Redacted.value(device.id)
      ])
    ),
    (hex) => SessionKey.make(hex, { disableValidation: true })
  )

/**
 * A number from 0 to 1, 1 excluded, that is the same for a key at all times: it spreads what the devices of a fleet do.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fraction = (key: SessionKey): number => Number.parseInt(key.slice(0, 8), 16) / 2 ** 32

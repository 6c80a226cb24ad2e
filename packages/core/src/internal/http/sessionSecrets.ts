import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { AccessToken } from "../../AccessToken.js"
import type { Device } from "../../Device.js"
import { deviceSecrets } from "./deviceSecrets.js"
import type { CallServices } from "./protectedCall.js"

/** A JWT, and its parts: an explanation may quote them without the header that all have in common. */
const quotable = (jwt: string): ReadonlyArray<string> => [
  jwt,
  jwt.slice(jwt.indexOf(".") + 1),
  ...jwt.split(".").slice(1)
]

/**
 * What a server might echo of a call: what must not be printed of the device, of its session as it is in memory, and of the
 * token that was sent.
 */
export const sessionSecrets = (
  { application, sessions }: CallServices,
  device: Device,
  sent?: AccessToken
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(sessions.state(device), ({ credentials, rejected, token }) => [
    ...deviceSecrets(device),
    ...[sent, token, rejected]
      .filter(Predicate.isNotUndefined)
      .flatMap(({ value }) => quotable(Redacted.value(value))),
    ...quotable(Redacted.value(application.softwareStatement.value)),
    ...(credentials === undefined
      ? []
      : [Redacted.value(credentials.clientId), Redacted.value(credentials.clientSecret)])
  ])

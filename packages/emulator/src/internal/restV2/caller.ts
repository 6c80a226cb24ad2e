/** Who makes a call: the client of its access token, and the device of its headers. */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Ref from "effect/Ref"
import { forwardedFor } from "../../Traffic.js"
import { clientOf, deviceIdentifier, deviceInfo } from "../protectedApi.js"
import type { Client } from "../registry.js"
import { Emulated, now, Refused, refuse } from "./emulated.js"

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers">

/** A device as an application sees it: whoever registers again, or changes the identifier, is another one. */
export interface Caller {
  readonly clientId: string
  readonly device: string
  readonly info: Readonly<Record<string, unknown>> | undefined
  readonly address: string | undefined
}

/** Checks the access token. */
export const client = (request: Request): Effect.Effect<Client, Refused, Emulated> =>
  Effect.flatMap(Effect.zip(Emulated, now), ([{ registry }, nowMillis]) =>
    Either.match(clientOf({ registry, nowMillis, request }), {
      onLeft: (answer) => new Refused({ answer }),
      onRight: Effect.succeed
    })
  )

/** A browser may leave `X-Device-Info` out, and no call may send a wrong one. */
const checkedInfo = (request: Request) =>
  Effect.flatMap(Emulated, (state) =>
    Effect.flatMap(Ref.get(state.settings), (settings) =>
      Either.match(deviceInfo(settings, request), {
        onLeft: () => refuse("invalid_header_device_info"),
        onRight: Effect.succeed
      })
    )
  )

/** The caller of an operation that needs a device. */
export const caller = (request: Request): Effect.Effect<Caller, Refused, Emulated> =>
  Effect.gen(function* () {
    const { id: clientId } = yield* client(request)
    const device = deviceIdentifier(request)
    if (device === undefined) return yield* refuse("invalid_header_device_identifier")
    const info = yield* checkedInfo(request)
    return { clientId, device, info, address: forwardedFor(request) }
  })

/** Of an operation that needs no device: its headers have to be right where they are sent. */
export const optionalDevice = (request: Request): Effect.Effect<void, Refused, Emulated> =>
  request.headers["ap-device-identifier"] !== undefined && deviceIdentifier(request) === undefined
    ? refuse("invalid_header_device_identifier")
    : Effect.asVoid(checkedInfo(request))

import { HttpServerRequest } from "@effect/platform"
import { Effect, Option } from "effect"
import { AdobePassError, Device, DeviceInfo } from "effect-adobe-pass"

/**
 * The device that a request is made for: its identifier from the path, its description from `X-Device-Info`, its
 * address from the load balancer or the connection. Trust `X-Forwarded-For` only behind a balancer that sets it.
 */
export const deviceOf = (
  id: string
): Effect.Effect<Device.Device, AdobePassError.InvalidInput, HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const { headers, remoteAddress } = yield* HttpServerRequest.HttpServerRequest
    const described = headers["x-device-info"]
    if (described === undefined) {
      return yield* new AdobePassError.InvalidInput({
        field: "X-Device-Info",
        problem: "is missing: send the description of the device as JSON in base64"
      })
    }
    const ip = headers["x-forwarded-for"]?.split(",", 1)[0] ?? Option.getOrUndefined(remoteAddress)
    return yield* Device.make({ id, ip, info: yield* DeviceInfo.fromHeader(described) })
  })

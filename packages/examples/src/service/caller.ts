import { HttpServerRequest } from "@effect/platform"
import { Effect, Option } from "effect"
import { AdobePassError, Device, DeviceInfo } from "effect-adobe-pass"

/**
 * The device that a request is made for: its identifier from the path, its description from `X-Device-Info`, its
 * address from the request, where the load balancer has put it.
 */
export const deviceOf = (id: string) =>
  Effect.gen(function* () {
    const { headers, remoteAddress } = yield* HttpServerRequest.HttpServerRequest
    const described = headers["x-device-info"]
    if (described === undefined) {
      return yield* new AdobePassError.InvalidInput({
        field: "X-Device-Info",
        problem: "is missing: send the description of the device as JSON in base64"
      })
    }
    // Without an address all devices would share the pace of one, so an unknown one is refused like an unusable one.
    const ip = Option.getOrElse(remoteAddress, () => "")
    return yield* Device.make({ id, ip, info: yield* DeviceInfo.fromHeader(described) })
  })

/** A device by its identifier, which is all that its session hangs on. Nothing is sent for it. */
export const deviceToForget = (id: string) => Device.make({ id, info: "browser", userAgent: "unknown" })

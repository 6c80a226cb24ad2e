import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import type { CallRefused } from "../../AdobePassError.js"
import type { Device } from "../../Device.js"
import * as EnhancedError from "../../EnhancedError.js"
import { classifyItem } from "./classify.js"
import type { CallServices } from "./protectedCall.js"
import { requestSecrets } from "./requestSecrets.js"
import { sessionSecrets } from "./sessionSecrets.js"

/** The error of one item of a successful answer to a call of this device. */
export const itemError = (
  services: CallServices,
  device: Device,
  error: EnhancedError.EnhancedError,
  request: HttpClientRequest.HttpClientRequest | undefined
): Effect.Effect<CallRefused> =>
  Effect.map(sessionSecrets(services, device), (secrets) => {
    const sent = request === undefined ? [] : requestSecrets(request)
    return classifyItem(EnhancedError.scrub(error, [...secrets, ...sent]))
  })

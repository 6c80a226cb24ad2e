/** The headers that the protected client sends with a call, for the OpenAPI document. */

/**
 * How an operation takes the headers of a device. `ofStreamingDevice`: they are sent for the streaming device, and not for
 * a second screen.
 */
export type DeviceHeaders = "required" | "optional" | "ofStreamingDevice" | "none"

const parameter = (name: string, required: boolean, description: string) => ({
  name,
  in: "header",
  schema: { type: "string" },
  required,
  description
})

const authorization = parameter("Authorization", true, "Bearer, and the access token")
const forwardedFor = parameter("X-Forwarded-For", false, "The address of the streaming device")
const userAgent = parameter("User-Agent", false, "Of the streaming device, or of the application")
const accept = parameter("Accept", false, "application/json;charset=utf-8")

const ofDevice = (required: boolean) => [
  parameter(
    "AP-Device-Identifier",
    required,
    "fingerprint, and the identifier of the streaming device in base64"
  ),
  parameter("X-Device-Info", required, "A JSON object that describes the streaming device, in base64")
]

const headers = (device: DeviceHeaders) => {
  if (device === "none") return [userAgent]
  return [authorization, ...ofDevice(device === "required"), forwardedFor, accept, userAgent]
}

/** Adds the headers to an operation of an OpenAPI document. */
export const withCallHeaders =
  (device: DeviceHeaders) =>
  <Operation extends { readonly parameters?: ReadonlyArray<unknown> }>(operation: Operation) => ({
    ...operation,
    parameters: [...(operation.parameters ?? []), ...headers(device)]
  })

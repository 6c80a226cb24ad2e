/**
 * The parameters of a call in the OpenAPI document: the headers that the protected client sends for a device, and the names
 * and descriptions of those of the contract. `Authorization`, `Accept` and `Content-Type` are no parameters there.
 */

/**
 * How an operation takes the headers of a device. `ofStreamingDevice`: they are sent for the streaming device, and not for
 * a second screen.
 */
export type DeviceHeaders = "required" | "optional" | "ofStreamingDevice" | "none"

const parameter = (name: string, required: boolean, description: string) => ({
  name,
  in: "header",
  required,
  schema: { type: "string" },
  description
})

const ofDevice = (required: boolean) => [
  parameter(
    "AP-Device-Identifier",
    required,
    "The word fingerprint, a blank, and the identifier of the streaming device in base64"
  ),
  parameter("X-Device-Info", required, "A JSON object that describes the streaming device, in base64"),
  parameter("X-Forwarded-For", false, "The address of the streaming device")
]

const userAgent = parameter("User-Agent", false, "That of the streaming device, or of the application")

/** Adds the headers to an operation of an OpenAPI document. */
export const withCallHeaders =
  (device: DeviceHeaders) =>
  <Operation extends { readonly parameters?: ReadonlyArray<unknown> }>(operation: Operation) => ({
    ...operation,
    parameters: [
      ...(operation.parameters ?? []),
      ...(device === "none" ? [] : ofDevice(device === "required")),
      userAgent
    ]
  })

const header = (name: string, description: string) => [name.toLowerCase(), { name, description }] as const
const named = (name: string, description: string) => [name, { name, description }] as const

/** By the name in the contract, which is in lower case for a header. */
const descriptions = new Map([
  named("serviceProvider", "The id of the service provider, which is also called requestor"),
  named("mvpd", "The id of an MVPD of the configuration"),
  named("code", "The code of an authentication session"),
  named("partner", "The partner of single sign-on: Apple"),
  named("redirectUrl", "Where the browser lands in the end"),
  header("AP-Visitor-Identifier", "The Experience Cloud id of the visitor"),
  header("Adobe-Subject-Token", "A token of single sign-on, from the platform"),
  header("X-Roku-Reserved-Roku-Connect-Token", "A token of single sign-on, from Roku"),
  header("AD-Service-Token", "A token of single sign-on, from a service of the programmer"),
  header("AP-Partner-Framework-Status", "What the framework of a partner says, as JSON in base64"),
  header("AP-TempPass-Identity", "An attribute of the person of a promotional TempPass, as JSON in base64")
])

/** A parameter with the name that Adobe gives it, and its meaning. */
export const described = <Parameter extends { readonly name: string }>(parameter: Parameter): Parameter => ({
  ...parameter,
  ...descriptions.get(parameter.name)
})

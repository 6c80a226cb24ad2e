/** The headers that the library sets from the device and its session. */
export const reservedHeaders: ReadonlyArray<string> = [
  "authorization",
  "ap-device-identifier",
  "x-device-info",
  "x-forwarded-for"
]

/** The headers of a request that carry the bearer token and the device. */
export const identifyingHeaders: ReadonlyArray<string> = [...reservedHeaders, "user-agent"]

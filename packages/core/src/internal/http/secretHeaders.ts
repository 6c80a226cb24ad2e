/** The headers of a request that carry the bearer token and the device. */
export const secretHeaders: ReadonlyArray<string> = [
  "authorization",
  "ap-device-identifier",
  "x-device-info",
  "x-forwarded-for",
  "user-agent"
]

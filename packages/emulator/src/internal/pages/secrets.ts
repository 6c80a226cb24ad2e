/** Which parts of a request are secret, and how pages show them until a developer asks. */

/** Enough to tell two secrets apart. */
export const masked = (secret: string): string =>
  secret.length <= 12 ? "••••••" : `${secret.slice(0, 4)}…${secret.slice(-4)} (${secret.length} characters)`

const secretHeaders = new Set([
  "authorization",
  "cookie",
  "set-cookie",
  "ad-service-token",
  "adobe-subject-token",
  "x-roku-reserved-roku-connect-token",
  "ap-temppass-identity"
])

/** A header as it is shown, or undefined when it is shown whole. */
export const maskedHeader = (name: string, value: string): string | undefined => {
  if (!secretHeaders.has(name.toLowerCase())) return undefined
  const [scheme, token] = value.split(/ +/, 2)
  return token === undefined ? masked(value) : `${scheme} ${masked(token)}`
}

const names = "software_statement|statement|client_secret|access_token|password|SAMLResponse|serializedToken"
const member = new RegExp(`("(?:${names})"\\s*:\\s*")((?:[^"\\\\]|\\\\.)*)"`, "g")
const parameter = new RegExp(`((?:^|&)(?:${names})=)([^&]*)`, "g")

/** A body, JSON or a form, or a query without its secrets. */
export const maskedText = (text: string): string =>
  text
    .replace(member, (_, start: string, secret: string) => `${start}${masked(secret)}"`)
    .replace(parameter, (_, start: string, secret: string) => `${start}${masked(secret)}`)

/** A request as the live view shows it: nothing of its query, its headers or its body, and no code. */
import type { LoggedRequest } from "effect-adobe-pass-emulator/Traffic"
import type { Channel, Style } from "../Output.js"

export interface Shown {
  readonly at: number
  readonly method: string
  readonly path: string
  /** The status, or what became of a request without one. */
  readonly result: string
  readonly style: Style | undefined
  readonly millis: number
}

/** Codes of sessions sign a person in, and long words may be anything. */
const masked = (path: string): string =>
  path
    .replace(/(\/(?:sessions|code)\/|\/authenticate\/[^/]*\/)(?!sso\/)[^/]+/g, "$1…")
    .split("/")
    .map((word) => (word.length > 32 ? "…" : word))
    .join("/")

const resultOf = ({ outcome, status = 0 }: LoggedRequest): string => {
  switch (outcome) {
    case "answered":
    case "pending":
      return String(status)
    case "truncated":
      return `${status} cut`
    case "reset":
      return "reset"
    case "abandoned":
      return "left"
  }
}

const styleOf = ({ outcome, status = 0 }: LoggedRequest): Style | undefined => {
  if (outcome !== "answered" || status >= 500) return "red"
  if (status === 429) return "yellow"
  return status >= 400 ? "cyan" : undefined
}

export const shown = (request: LoggedRequest, endedAt: number): Shown => ({
  at: request.at,
  method: request.method,
  path: masked(request.path),
  result: resultOf(request),
  style: styleOf(request),
  millis: Math.max(0, endedAt - request.at)
})

/** A line of the table, no wider than this. */
export const row = (channel: Channel, columns: number, request: Shown): string => {
  const time = new Date(request.at).toISOString().slice(11, 23)
  const start = `${time}  ${request.method.padEnd(6)}  ${request.result.padEnd(7)}  ${`${request.millis} ms`.padStart(8)}  `
  const room = Math.max(1, columns - start.length)
  const path = request.path.length > room ? `${request.path.slice(0, room - 1)}…` : request.path
  const line = `${start}${path}`.slice(0, Math.max(1, columns))
  return request.style === undefined ? line : channel.style(request.style, line)
}

/** A line for a machine. */
export const json = ({ at, method, millis, path, result }: Shown): string =>
  JSON.stringify({ at: new Date(at).toISOString(), method, path, result, ms: millis })

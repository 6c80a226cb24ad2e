/** The access log: one line of JSON for each request, without anything that identifies a person or opens a session. */
import { createHmac, randomBytes } from "node:crypto"
import { pathOf } from "./target.js"

/** What is told of a request. */
export interface Entry {
  readonly time: number
  readonly method: string
  readonly target: string
  readonly status: number
  readonly bytes: number
  /** Whether the connection ended in the middle of the answer. */
  readonly isCut: boolean
  readonly durationMillis: number
  readonly waitedMillis: number
  /** The value of `AP-Device-Identifier`. */
  readonly device: string | undefined
}

const salt = randomBytes(32)

/** Tells the devices of one run of the gateway apart, and is no use to anybody else. */
const pseudonym = (device: string): string =>
  createHmac("sha256", salt).update(device).digest("base64url").slice(0, 10)

const longestPath = 256
const longestSegment = 64

/** Where REST API v2 has authentication codes: whoever has one can end the session of another. */
const codes: ReadonlyArray<RegExp> = [
  /^(\/api\/v2\/[^/]+\/sessions\/)(?!sso(?:\/|$))[^/]+/,
  /^(\/api\/v2\/[^/]+\/(?:[^/]+\/)?code\/)[^/]+/,
  /^(\/api\/v2\/authenticate\/[^/]+\/)[^/]+/
]

/**
 * The path without its query, and without codes. Long segments may be a secret in the wrong place, and so may a target that
 * is no path.
 */
export const masked = (target: string): string => {
  if (!target.startsWith("/")) return "*"
  const path = codes.reduce((path, code) => path.replace(code, "$1*"), pathOf(target))
  const short = path
    .split("/")
    .map((segment) => (segment.length > longestSegment ? "*" : segment))
    .join("/")
  return short.length > longestPath ? `${short.slice(0, longestPath)}*` : short
}

/** The line of a request. */
export const line = (entry: Entry): string =>
  JSON.stringify({
    time: new Date(entry.time).toISOString(),
    method: entry.method,
    path: masked(entry.target),
    status: entry.status,
    bytes: entry.bytes,
    ...(entry.isCut ? { cut: true } : {}),
    duration_ms: Math.round(entry.durationMillis),
    ...(entry.waitedMillis > 0 ? { waited_ms: Math.round(entry.waitedMillis) } : {}),
    ...(entry.device === undefined ? {} : { device: pseudonym(entry.device) })
  })

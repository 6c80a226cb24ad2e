/** A received request as a line for a shell. */
import type { ReceivedRequest } from "../../Traffic.js"

/** Single quotes: nothing in them means anything to a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** What curl sets itself, for its own connection. */
const own = new Set(["host", "connection", "content-length", "transfer-encoding", "accept-encoding"])

export const curl = ({ body, headers, method, path, query }: ReceivedRequest): string => {
  const url = `http://${headers["host"] ?? "127.0.0.1"}${path}${query === "" ? "" : `?${query}`}`
  const implied = body === "" ? "GET" : "POST"
  return [
    `curl -i ${method === implied ? "" : `-X ${quoted(method)} `}${quoted(url)}`,
    ...Object.entries(headers)
      .filter(([name]) => !own.has(name))
      .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === "" ? [] : [`--data-raw ${quoted(body)}`])
  ].join(" \\\n  ")
}

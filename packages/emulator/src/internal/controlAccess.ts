/** Who may use the control API: it has no password, so a page in a browser of this machine must not reach it. */
import type { ReceivedRequest } from "../Traffic.js"

const hostOf = (authority: string): string | undefined =>
  URL.canParse(`http://${authority}`) ? new URL(`http://${authority}`).hostname : undefined

/** An address cannot be pointed at another machine, as a name can. */
const isAddress = (host: string): boolean => /^\[.*\]$|^\d+\.\d+\.\d+\.\d+$/.test(host)

/** Whether a request names a host that is not the emulator's, or comes from a page of another origin. */
export const isForeign = ({ headers }: ReceivedRequest, listening: string): boolean => {
  const authority = headers["host"] ?? ""
  const host = hostOf(authority)
  if (host === undefined || !(isAddress(host) || host === "localhost" || host === listening)) return true
  const origin = headers["origin"]
  return origin !== undefined && origin !== `http://${authority}`
}

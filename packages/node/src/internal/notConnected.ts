/** Failures before a request was given to a connection. */
import { Failure } from "effect-adobe-pass/Transport"

/** How undici words the answer of a proxy that opens no tunnel. */
const refusedTunnel = /^Proxy response \((\d{3})\) !== 200/

const proxyCode = (error: unknown): string | undefined => {
  const status = error instanceof Error ? refusedTunnel.exec(error.message)?.[1] : undefined
  return status === undefined ? undefined : `PROXY_${status}`
}

/** The failure of a request of which nothing was sent. @internal */
export const notConnected = (error: unknown): Failure =>
  new Failure({ reason: "NotConnected", code: proxyCode(error), cause: error })

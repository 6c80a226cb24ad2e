/** Which proxy the transport takes for a host: it reads these variables, too, and in this order. */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { type CommandFailed, misconfigured } from "../ExitCode.js"

export interface Proxy {
  readonly variable: string
  readonly url: URL
}

type Environment = Readonly<Record<string, string | undefined>>

const variable = (environment: Environment, name: string): string =>
  environment[name.toLowerCase()] ?? environment[name] ?? ""

/** Whether `NO_PROXY` names the host, or a domain that it is in. */
export const isExcepted = (noProxy: string, origin: URL): boolean => {
  if (noProxy === "*") return true
  const port = origin.port === "" ? (origin.protocol === "https:" ? "443" : "80") : origin.port
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      const [, host = entry, onPort] = /^(.+):(\d+)$/.exec(entry) ?? []
      const domain = host.replace(/^\*?\./, "")
      return (
        (onPort === undefined || onPort === port) &&
        (origin.hostname === domain || origin.hostname.endsWith(`.${domain}`))
      )
    })
}

/** The proxy for a host, unless it is called directly. */
export const proxyOf = (
  environment: Environment,
  origin: URL
): Effect.Effect<Option.Option<Proxy>, CommandFailed> => {
  const names = origin.protocol === "https:" ? ["HTTPS_PROXY", "HTTP_PROXY"] : ["HTTP_PROXY"]
  const name = names.find((candidate) => variable(environment, candidate) !== "")
  if (name === undefined || isExcepted(variable(environment, "NO_PROXY"), origin)) {
    return Effect.succeedNone
  }
  const url = variable(environment, name)
  return URL.canParse(url)
    ? Effect.succeedSome({ variable: name, url: new URL(url) })
    : misconfigured(`${name} must be a URL such as http://proxy:3128.`)
}

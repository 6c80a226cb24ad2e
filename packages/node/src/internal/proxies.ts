/** The proxies that the environment names. */
import type { LookupFunction } from "node:net"
import * as Either from "effect/Either"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as Undici from "undici"

/** Undefined without a proxy. @internal */
export interface Proxies {
  readonly httpProxy: string
  readonly httpsProxy: string
  readonly noProxy: string
}

type Environment = Readonly<Record<string, string | undefined>>

const schemes = new Set(["http:", "https:", "socks5:", "socks:"])

const isProxy = (url: string): boolean => URL.canParse(url) && schemes.has(new URL(url).protocol)

/**
 * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, each also in lower case, which comes first. Undefined when there is no
 * proxy. @internal
 */
export const proxiesOf = (environment: Environment): Either.Either<Proxies | undefined, InvalidInput> => {
  const variable = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? ""
  for (const name of ["HTTPS_PROXY", "HTTP_PROXY"]) {
    const url = variable(name)
    if (url !== "" && !isProxy(url)) {
      return Either.left(
        new InvalidInput({ field: name, problem: "must be a URL such as http://user:password@proxy:3128" })
      )
    }
  }
  const [httpProxy, httpsProxy] = [variable("HTTP_PROXY"), variable("HTTPS_PROXY")]
  return Either.right(
    httpProxy === "" && httpsProxy === ""
      ? undefined
      : { httpProxy, httpsProxy, noProxy: variable("NO_PROXY") }
  )
}

/** After an error of this kind undici connects again, and again when that fails the same way. */
const isRepeated = (error: Error): boolean => "code" in error && error.code === "UND_ERR_SOCKET"

/** Lets the requests that wait for a tunnel fail when the proxy breaks the connection. */
const failingOnce =
  (connect: Undici.buildConnector.connector): Undici.buildConnector.connector =>
  (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket)
      else {
        callback(
          isRepeated(error) ? new Error("The proxy closed the connection.", { cause: error }) : error,
          null
        )
      }
    })

/**
 * An agent that sends through the proxies. `connect` has the limits and the lookup of all its connections. @internal
 */
export const proxyAgent = (
  proxies: Proxies,
  {
    connect,
    ...options
  }: Undici.Pool.Options & { readonly connect: { readonly timeout: number; readonly lookup: LookupFunction } }
): Undici.Dispatcher =>
  new Undici.EnvHttpProxyAgent({
    ...proxies,
    ...options,
    connect,
    proxyTls: connect,
    requestTls: { timeout: connect.timeout },
    // The answer to CONNECT is a part of connecting.
    clientFactory: (origin, pool) => new Undici.Pool(origin, { ...pool, headersTimeout: connect.timeout }),
    factory: (origin, pool: Undici.Pool.Options) =>
      new Undici.Pool(origin, {
        ...pool,
        ...(typeof pool.connect === "function" ? { connect: failingOnce(pool.connect) } : {})
      })
  })

/** The steps to a host, each bounded: its name, a connection, a tunnel through a proxy, TLS. */
import * as dns from "node:dns/promises"
import { request as plainRequest } from "node:http"
import { request as secureRequest } from "node:https"
import * as net from "node:net"
import * as tls from "node:tls"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"

/** A step that failed: what was found, and what to do. */
export class Unreached extends Data.TaggedError("Unreached")<{
  readonly finding: string
  readonly advice: string
}> {}

const limit = "5 seconds"

const codeOf = (error: unknown): string =>
  Predicate.hasProperty(error, "code") && typeof error.code === "string" ? error.code : "unknown error"

/** A host and a port as people write them. */
export const nameOf = (url: URL): string => `${url.hostname}:${portOf(url)}`

const defaultPorts: { readonly [protocol: string]: number } = {
  "https:": 443,
  "socks:": 1080,
  "socks5:": 1080
}

const portOf = ({ port, protocol }: URL): number =>
  port === "" ? (defaultPorts[protocol] ?? 80) : Number(port)

/** Without the brackets of IPv6. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "")

export interface Addresses {
  readonly count: number
  /** In seconds, where the name servers tell it. */
  readonly ttl: number | undefined
}

/** The addresses of a name, as connections find them; the time to live comes from the name servers. */
export const resolved = (url: URL): Effect.Effect<Addresses, Unreached> => {
  const host = hostOf(url)
  if (net.isIP(host) !== 0) return Effect.succeed({ count: 1, ttl: undefined })
  const addresses = Effect.tryPromise({
    try: () => dns.lookup(host, { all: true }),
    catch: (error) =>
      new Unreached({
        finding: `${host} does not resolve (${codeOf(error)}).`,
        advice: "Check the name, and the name servers of this machine."
      })
  })
  const records = Effect.tryPromise(() => dns.resolve4(host, { ttl: true }))
  return Effect.all({
    found: within(addresses, `${host} did not resolve`, "Check the name servers of this machine."),
    records: Effect.option(Effect.timeout(records, limit))
  }).pipe(
    Effect.map(({ found, records }) => ({
      count: found.length,
      ttl: records._tag === "Some" && records.value.length > 0 ? lowest(records.value) : undefined
    }))
  )
}

const lowest = (records: ReadonlyArray<{ readonly ttl: number }>): number =>
  Math.min(...records.map(({ ttl }) => ttl))

const within = <A, R>(
  effect: Effect.Effect<A, Unreached, R>,
  finding: string,
  advice: string
): Effect.Effect<A, Unreached, R> =>
  Effect.timeoutFail(effect, {
    duration: limit,
    onTimeout: () => new Unreached({ finding: `${finding} within ${limit}.`, advice })
  })

const firewall = "Check the port, and the firewalls and proxies between this machine and it."

/** A connection, which ends with the scope. */
export const connected = (url: URL): Effect.Effect<net.Socket, Unreached, Scope.Scope> => {
  const socket = Effect.acquireRelease(
    Effect.sync(() => {
      const opened = net.connect({ host: hostOf(url), port: portOf(url) })
      // A later failure belongs to the step that waits for it.
      opened.on("error", () => {})
      return opened
    }),
    (opened) => Effect.sync(() => opened.destroy())
  )
  return Effect.tap(socket, (opened) =>
    within(
      until(
        opened,
        "connect",
        (error) => `${nameOf(url)} cannot be connected to (${codeOf(error)}).`,
        firewall
      ),
      `${nameOf(url)} did not accept a connection`,
      firewall
    )
  )
}

/** Waits for an event of a socket, or for its failure. */
const until = (
  socket: net.Socket,
  event: "connect" | "secureConnect",
  finding: (error: unknown) => string,
  advice: string
): Effect.Effect<void, Unreached> =>
  Effect.async((resume) => {
    const done = () => resume(Effect.void)
    const failed = (error?: unknown) => resume(new Unreached({ finding: finding(error), advice }))
    socket.once(event, done).once("error", failed).once("close", failed)
    return Effect.sync(() => socket.off(event, done).off("error", failed).off("close", failed))
  })

/** A `%` that encodes nothing stands for itself. */
const decoded = (text: string): string =>
  Option.getOrElse(Option.liftThrowable(decodeURIComponent)(text), () => text)

/** The credentials of a proxy as a header. */
export const basic = ({ password, username }: Pick<URL, "password" | "username">): Record<string, string> =>
  username === ""
    ? {}
    : {
        "proxy-authorization": `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")}`
      }

/** A tunnel through a proxy, which ends with the scope. */
export const tunnelled = (proxy: URL, target: URL): Effect.Effect<net.Socket, Unreached, Scope.Scope> => {
  const open = proxy.protocol === "https:" ? secureRequest : plainRequest
  const refused = (what: string) =>
    new Unreached({
      finding: `The proxy ${nameOf(proxy)} did not open a tunnel to ${nameOf(target)} (${what}).`,
      advice:
        what === "status 407"
          ? "Give the user name and password of the proxy in the variable that names it."
          : "Ask whoever runs the proxy to let this host pass, or name the host in NO_PROXY."
    })
  const tunnel = Effect.async<net.Socket, Unreached>((resume) => {
    const request = open({
      host: hostOf(proxy),
      port: portOf(proxy),
      method: "CONNECT",
      path: nameOf(target),
      headers: { host: nameOf(target), ...basic(proxy) }
    })
    request.on("connect", ({ statusCode = 0 }, socket) => {
      socket.on("error", () => {})
      if (statusCode === 200) return resume(Effect.succeed(socket))
      socket.destroy()
      resume(refused(`status ${statusCode}`))
    })
    request.on("response", ({ statusCode }) => {
      request.destroy()
      resume(refused(`status ${statusCode}`))
    })
    request.on("error", (error) => resume(refused(codeOf(error))))
    request.end()
    return Effect.sync(() => request.destroy())
  })
  return Effect.acquireRelease(
    Effect.interruptible(
      within(tunnel, `The proxy ${nameOf(proxy)} did not open a tunnel to ${nameOf(target)}`, firewall)
    ),
    (socket) => Effect.sync(() => socket.destroy())
  )
}

export interface Certificate {
  readonly protocol: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

const certificateAdvice: { readonly [code: string]: string } = {
  CERT_HAS_EXPIRED: "Renew the certificate of the host; if it is Adobe's, check the clock of this machine.",
  CERT_NOT_YET_VALID: "Check the clock of this machine.",
  ERR_TLS_CERT_ALTNAME_INVALID: "Check the name of the host, and whether a proxy answers in its place."
}

const unknownIssuer =
  "If a proxy of yours answers with its own certificate, name the file of its issuer in NODE_EXTRA_CA_CERTS."

/** TLS on a connection, with a certificate that is valid for the host. */
export const secured = (url: URL, socket: net.Socket): Effect.Effect<Certificate, Unreached, Scope.Scope> =>
  Effect.gen(function* () {
    const host = hostOf(url)
    const secure = yield* Effect.acquireRelease(
      Effect.sync(() => {
        // Nothing is sent over it: a certificate that is not valid is looked at to say why.
        const started = tls.connect({
          socket,
          host,
          ...(net.isIP(host) === 0 ? { servername: host } : {}),
          rejectUnauthorized: false
        })
        started.on("error", () => {})
        return started
      }),
      (started) => Effect.sync(() => started.destroy())
    )
    yield* within(
      until(
        secure,
        "secureConnect",
        (error) => `The TLS handshake with ${nameOf(url)} failed (${codeOf(error)}).`,
        "Check that the port speaks TLS, and that no firewall or proxy breaks it."
      ),
      `The TLS handshake with ${nameOf(url)} did not end`,
      firewall
    )
    if (!secure.authorized) {
      const code = String(secure.authorizationError)
      return yield* new Unreached({
        finding: `The certificate of ${nameOf(url)} is not valid (${code}).`,
        advice: certificateAdvice[code] ?? unknownIssuer
      })
    }
    return {
      protocol: secure.getProtocol() ?? "TLS",
      expiresAt: Date.parse(secure.getPeerCertificate().valid_to)
    }
  })

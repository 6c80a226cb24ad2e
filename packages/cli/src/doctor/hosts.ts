/** Whether the hosts of the environment can be reached: by name, by TCP, by TLS, and through which proxy. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type CommandFailed, ExitCode } from "../ExitCode.js"
import { span } from "../Time.js"
import { apis } from "./apis.js"
import { type Check, type Finding, need } from "./check.js"
import * as Connection from "./connection.js"
import { error, note, ok, warning } from "./findings.js"
import { type Proxy, proxyOf } from "./proxy.js"

/** A host, and whether what was asked for needs it. */
interface Host {
  readonly role: string
  readonly url: URL
  readonly isNeeded: boolean
}

const renewal = Duration.toMillis("14 days")

/** A certificate that ends soon is no fault yet. */
export const expiry = (url: URL, expiresAt: number, now: number): ReadonlyArray<Finding> =>
  expiresAt - now < renewal
    ? [
        warning(
          `The certificate of ${Connection.nameOf(url)} expires in ${span(expiresAt - now)}.`,
          "Have it renewed before."
        )
      ]
    : []

const addressesOf = ({ count, ttl }: Connection.Addresses): string =>
  `${count} ${count === 1 ? "address" : "addresses"}${ttl === undefined ? "" : `, TTL ${ttl} s`}`

const reach = (
  { role, url }: Host,
  proxy: Proxy | undefined
): Effect.Effect<ReadonlyArray<Finding>, Connection.Unreached> =>
  Effect.gen(function* () {
    const addresses = yield* Connection.resolved(proxy?.url ?? url)
    const direct = yield* Connection.connected(proxy?.url ?? url)
    const where = `${role} (${Connection.nameOf(url)})`
    const through =
      proxy === undefined ? "" : `, through the proxy ${Connection.nameOf(proxy.url)} of ${proxy.variable}`
    if (proxy?.url.protocol.startsWith("socks") === true) {
      return [note(`${where}: ${addressesOf(addresses)}${through}, behind which nothing is checked.`)]
    }
    const socket = proxy === undefined ? direct : yield* Connection.tunnelled(proxy.url, url)
    if (url.protocol === "http:") {
      return [ok(`${where}: ${addressesOf(addresses)}, connects${through}, without TLS.`)]
    }
    const { expiresAt, protocol } = yield* Connection.secured(url, socket)
    const now = yield* Clock.currentTimeMillis
    return [
      ok(
        `${where}: ${addressesOf(addresses)}, connects${through}, ${protocol}, certificate valid for ${span(expiresAt - now)}.`
      ),
      ...expiry(url, expiresAt, now)
    ]
  }).pipe(Effect.scoped)

/** What stands in the way of a host that was asked for is an error, and of another one a warning. */
const unreached = (
  { isNeeded, role }: Host,
  proxy: Proxy | undefined,
  { advice, finding }: Connection.Unreached
): Finding => {
  const what = `${role}: ${finding}`
  const doing = proxy === undefined ? advice : `${advice} The proxy is that of ${proxy.variable}.`
  return isNeeded ? error(ExitCode.unavailable, what, doing) : warning(what, doing)
}

const examine = (
  host: Host,
  isProxied: boolean
): Effect.Effect<{ readonly isReached: boolean; readonly findings: ReadonlyArray<Finding> }, CommandFailed> =>
  Effect.gen(function* () {
    const proxy = isProxied ? Option.getOrUndefined(yield* proxyOf(process.env, host.url)) : undefined
    const found = yield* Effect.either(reach(host, proxy))
    return {
      isReached: Either.isRight(found),
      findings: Either.getOrElse(found, (problem) => [unreached(host, proxy, problem)])
    }
  })

export const hosts: Check = {
  name: "hosts",
  run: (facts, { api }) =>
    Effect.gen(function* () {
      const { mgmt, sp } = yield* need(facts, "environment")
      const isProxied = facts.transport?.proxy !== "none"
      const first = yield* examine({ role: "sp", url: new URL(sp), isNeeded: true }, isProxied)
      const isNeeded = apis[api].host === "mgmt"
      const second =
        mgmt === sp
          ? []
          : (yield* examine({ role: "mgmt", url: new URL(mgmt), isNeeded }, isProxied)).findings
      return {
        findings: [...first.findings, ...second],
        ...(first.isReached ? { learned: { reached: true } } : {})
      }
    })
}

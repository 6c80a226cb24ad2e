/**
 * Faults that a request carries itself, in the identifier of its device or in the subject of its software statement, so
 * that a test in any language needs no control API: `fault:503`, `fault:token:delay:2000`, `fault:api:reset*2`.
 */
import * as Option from "effect/Option"
import * as Fault from "../Fault.js"
import type { ReceivedRequest, Route } from "../Traffic.js"
import type { Strike } from "./faultQueue.js"
import { applicationOf as applicationOfCall, deviceIdentifier } from "./protectedApi.js"
import { applicationOf } from "./registration.js"
import type { Registry } from "./registry.js"

const carried =
  /\bfault:(?:(?<route>register|token|api|management):)?(?:(?<status>[2-5]\d\d)|delay:(?<millis>\d{1,9})|(?<name>hang|reset|truncate|refuse))(?:\*(?<times>\d{1,9}))?(?![\w:])/

const named: Readonly<Record<string, Fault.Fault>> = {
  hang: Fault.hang(),
  reset: Fault.reset(),
  truncate: Fault.truncate,
  refuse: Fault.refuse
}

/** What the device and the application of a request call themselves. */
const texts = (route: Route, request: ReceivedRequest, registry: Registry): ReadonlyArray<string> => {
  const isCall = route === "api" || route === "management"
  const application = isCall ? applicationOfCall(request, registry) : applicationOf(request, registry)
  return [
    ...Option.toArray(Option.fromNullable(deviceIdentifier(request))),
    ...Option.toArray(Option.map(application, ({ id }) => id))
  ]
}

/** Whoever sends requests chooses the texts, so that there may be any number of them. */
const maximumCounts = 10_000

export class CarriedFaults {
  /** How often each limited fault has struck, by its text and route. */
  readonly #strikes = new Map<string, number>()

  find(route: Route, request: ReceivedRequest, registry: Registry): Strike | undefined {
    for (const text of texts(route, request, registry)) {
      const groups = carried.exec(text)?.groups
      if (groups === undefined || (groups["route"] ?? route) !== route) continue
      const { millis, name, status, times } = groups
      const key = `${route} ${text}`
      const struck = this.#strikes.get(key) ?? 0
      if (times !== undefined && struck >= Number(times)) continue
      return {
        fault:
          status !== undefined
            ? Fault.answer(Number(status))
            : (named[name ?? ""] ?? Fault.delay(Number(millis))),
        use: () => {
          if (times !== undefined) this.#count(key, struck + 1)
        }
      }
    }
    return undefined
  }

  #count(key: string, strikes: number): void {
    this.#strikes.set(key, strikes)
    const [oldest] = this.#strikes.keys()
    if (this.#strikes.size > maximumCounts && oldest !== undefined) this.#strikes.delete(oldest)
  }
}

/** The log of received requests, and their counts. */
import * as Exit from "effect/Exit"
import * as Traffic from "../Traffic.js"
import type { Outcome } from "./outcome.js"

const noCounts: Traffic.Counts = { register: 0, token: 0, api: 0, management: 0, other: 0, throttled: 0 }

const resultOf = (exit: Exit.Exit<Outcome>): Pick<Traffic.LoggedRequest, "outcome" | "status"> => {
  if (Exit.isFailure(exit)) return { outcome: "abandoned", status: undefined }
  switch (exit.value._tag) {
    case "Answered":
      return { outcome: "answered", status: exit.value.answer.status }
    case "Truncated":
      return { outcome: "truncated", status: exit.value.answer.status }
    case "Reset":
    case "Refused":
      return { outcome: "reset", status: undefined }
  }
}

export class RequestLog {
  readonly #limit: number
  readonly #entries: Array<{ logged: Traffic.LoggedRequest }> = []
  #counts = noCounts

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Logs and counts a request, and returns the function that completes its entry. */
  add(
    route: Traffic.Route,
    request: Traffic.ReceivedRequest,
    at: number
  ): (exit: Exit.Exit<Outcome>) => void {
    const received = { at, route, ...request, forwardedFor: Traffic.forwardedFor(request) }
    const entry = {
      logged: new Traffic.LoggedRequest({ ...received, outcome: "pending", status: undefined })
    }
    this.#entries.push(entry)
    if (this.#entries.length > this.#limit) this.#entries.shift()
    this.#count(route)
    return (exit) => {
      entry.logged = new Traffic.LoggedRequest({ ...received, ...resultOf(exit) })
    }
  }

  countThrottled(): void {
    this.#count("throttled")
  }

  entries(): ReadonlyArray<Traffic.LoggedRequest> {
    return this.#entries.map(({ logged }) => logged)
  }

  counts(): Traffic.Counts {
    return this.#counts
  }

  clear(): void {
    this.#entries.splice(0)
    this.#counts = noCounts
  }

  #count(key: keyof Traffic.Counts): void {
    this.#counts = { ...this.#counts, [key]: this.#counts[key] + 1 }
  }
}

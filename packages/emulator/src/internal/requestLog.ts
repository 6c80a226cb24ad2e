/** The log of received requests, and their counts. */
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import * as Traffic from "../Traffic.js"
import type { Answer } from "./answer.js"
import type { Outcome } from "./outcome.js"

/** A request with what was sent in return. Its number stays, whatever is dropped from the log. */
export interface Exchange {
  readonly number: number
  readonly logged: Traffic.LoggedRequest
  /** Undefined when nothing was sent, and when it is no longer kept. */
  readonly answer: Answer | undefined
}

/** Answers may be large, and only people read them. */
const keptAnswers = 1000

/** Whoever sends requests chooses how long their bodies are: together no more characters than this are kept. */
const keptCharacters = 64 * 1024 * 1024

const noCounts: Traffic.Counts = { register: 0, token: 0, api: 0, management: 0, other: 0, throttled: 0 }

const answerOf = (exit: Exit.Exit<Outcome>): Answer | undefined =>
  Exit.isSuccess(exit) && "answer" in exit.value ? exit.value.answer : undefined

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

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

export class RequestLog {
  readonly #limit: number
  readonly #told: (request: Traffic.LoggedRequest) => void
  readonly #entries: Array<Mutable<Exchange>> = []
  #counts = noCounts
  #number = 0
  #characters = 0

  constructor(limit: number, told: (request: Traffic.LoggedRequest) => void = constVoid) {
    this.#limit = limit
    this.#told = told
  }

  /** Logs and counts a request, and returns the function that completes its entry. */
  add(
    route: Traffic.Route,
    request: Traffic.ReceivedRequest,
    at: number
  ): (exit: Exit.Exit<Outcome>) => void {
    const received = { at, route, ...request, forwardedFor: Traffic.forwardedFor(request) }
    this.#number += 1
    const entry: Mutable<Exchange> = {
      number: this.#number,
      logged: new Traffic.LoggedRequest({ ...received, outcome: "pending", status: undefined }),
      answer: undefined
    }
    this.#entries.push(entry)
    this.#characters += request.body.length
    while (this.#isFull()) this.#characters -= this.#entries.shift()?.logged.body.length ?? 0
    const old = this.#entries.at(-keptAnswers - 1)
    if (old !== undefined) old.answer = undefined
    this.#count(route)
    return (exit) => {
      entry.logged = new Traffic.LoggedRequest({ ...received, ...resultOf(exit) })
      entry.answer = answerOf(exit)
      this.#told(entry.logged)
    }
  }

  countThrottled(): void {
    this.#count("throttled")
  }

  entries(): ReadonlyArray<Traffic.LoggedRequest> {
    return this.#entries.map(({ logged }) => logged)
  }

  /** Oldest first. */
  exchanges(): ReadonlyArray<Exchange> {
    return this.#entries
  }

  counts(): Traffic.Counts {
    return this.#counts
  }

  clear(): void {
    this.#entries.splice(0)
    this.#characters = 0
    this.#counts = noCounts
  }

  /** The newest request is kept, whatever its length. */
  #isFull(): boolean {
    const { length } = this.#entries
    return length > this.#limit || (length > 1 && this.#characters > keptCharacters)
  }

  #count(key: keyof Traffic.Counts): void {
    this.#counts = { ...this.#counts, [key]: this.#counts[key] + 1 }
  }
}

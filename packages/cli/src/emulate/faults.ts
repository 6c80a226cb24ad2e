/** The faults of `--fault`: `api:503@5%`, `token:delay:2000*3`, `register:invalid_client`. */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Fault from "effect-adobe-pass-emulator/Fault"
import type { FailOptions } from "effect-adobe-pass-emulator/Script"
import { type CommandFailed, usage } from "../ExitCode.js"

const grammar =
  /^(?<route>register|token|api|management|other):(?<kind>[a-z_-]+|\d{3})(?<parameters>(?::\d{1,9})*)(?:@(?<percent>\d{1,3}(?:\.\d{1,6})?)%)?(?:[*x](?<times>[1-9]\d{0,8}))?$/

const routes = ["register", "token", "api", "management", "other"] as const

const simple: ReadonlyMap<string, Fault.Fault> = new Map([
  ["hang", Fault.hang()],
  ["hang-after", Fault.hang("after-handling")],
  ["reset", Fault.reset()],
  ["reset-after", Fault.reset("after-handling")],
  ["truncate", Fault.truncate],
  ["refuse", Fault.refuse],
  ["html", Fault.html(200)]
])

/** An error of RFC 6749 and RFC 7591, as the registration and the token endpoint have them. */
const oauthError = /^(?:invalid|unauthorized|unsupported|unapproved)_[a-z_]+$/

const byName = (kind: string): Option.Option<Fault.Fault> =>
  Option.orElse(Option.fromNullable(simple.get(kind)), () =>
    oauthError.test(kind) ? Option.some(Fault.oauthError(kind)) : Option.none()
  )

const answer = (status: number, retryAfter: number | undefined): Option.Option<Fault.Fault> =>
  status < 200 || status > 599
    ? Option.none()
    : Option.some(
        Fault.answer(
          status,
          retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } }
        )
      )

/** The fault of a kind with these parameters: milliseconds, and the seconds of `Retry-After`. */
const faultOf = (kind: string, parameters: ReadonlyArray<number>): Option.Option<Fault.Fault> => {
  const [first, second, ...more] = parameters
  if (more.length > 0) return Option.none()
  if (/^\d/.test(kind)) return second === undefined ? answer(Number(kind), first) : Option.none()
  if (kind === "latency") {
    return first === undefined || second === undefined || second < first
      ? Option.none()
      : Option.some(Fault.latency({ median: first, p99: second }))
  }
  if (second !== undefined) return Option.none()
  if (kind === "delay") return first === undefined ? Option.none() : Option.some(Fault.delay(first))
  return first === undefined ? byName(kind) : Option.none()
}

/** What a percentage is as a probability: more than none, and not more than all. */
const probabilityOf = (percent: string | undefined): Option.Option<number> =>
  Option.filter(
    Option.some(percent === undefined ? 1 : Number(percent) / 100),
    (probability) => probability > 0 && probability <= 1
  )

const hint =
  "write ROUTE:KIND, such as api:503, api:429:7, token:delay:2000, api:latency:50:2000 or register:reset, with @5% for some of the requests and *3 for the first three; routes are " +
  `${routes.join(", ")}`

/** A fault as it is written. Without a number it strikes all requests of its route. */
export const parse = (text: string): Either.Either<FailOptions, CommandFailed> => {
  const { kind = "", parameters = "", percent, route: name, times } = grammar.exec(text.trim())?.groups ?? {}
  const numbers = parameters.split(":").slice(1).map(Number)
  const route = Option.fromNullable(routes.find((route) => route === name))
  return Option.all({ route, fault: faultOf(kind, numbers), probability: probabilityOf(percent) }).pipe(
    Option.map((options) => ({
      ...options,
      times: times === undefined ? Number.POSITIVE_INFINITY : Number(times)
    })),
    Either.fromOption(() => usage(`--fault ${text} cannot be used: ${hint}.`))
  )
}

/** `--explain`: what the library does for a call, without secrets, ids and addresses. */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { type SessionEvent, Sessions } from "effect-adobe-pass/Sessions"
import type * as Throttle from "effect-adobe-pass/Throttle"
import * as Transport from "effect-adobe-pass/Transport"
import type { Observer } from "../Application.js"
import * as Output from "../Output.js"

type Say = (sentence: string) => Effect.Effect<void>

const sayTo =
  ({ stderr }: Output.Output): Say =>
  (sentence) =>
    stderr.line(stderr.style("dim", `adobe-pass: ${sentence}`))

const seconds = (millis: number): string => `${(millis / 1000).toFixed(millis < 100 ? 2 : 1)} s`

/** Only the paths of the two endpoints are named: others may have a code or an id in them. */
const endpoint = ({ url }: HttpClientRequest.HttpClientRequest): string | undefined =>
  /\/o\/client\/(?:register|token)$/.exec(url)?.[0]

type Answer = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** Says how each request ends. */
const watched = (say: Say) => {
  let calls = 0
  return (request: HttpClientRequest.HttpClientRequest, answer: Answer): Answer =>
    Effect.gen(function* () {
      const named = endpoint(request)
      if (named === undefined) calls += 1
      const what = named === undefined ? (calls === 1 ? "the call" : "the call again") : `POST ${named}`
      const startedAt = yield* Clock.currentTimeMillis
      return yield* Effect.onExit(answer, (exit) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const result = Exit.isSuccess(exit)
            ? `answered ${exit.value.status}`
            : Exit.isInterrupted(exit)
              ? "given up"
              : "no answer"
          return say(`${what}: ${result} after ${seconds(now - startedAt)}`)
        })
      )
    })
}

const transport =
  (say: Say): Observer["transport"] =>
  (client) => {
    const watch = watched(say)
    if (!Transport.isTransport(client)) {
      return HttpClient.transform(client, (answer, request) => watch(request, answer))
    }
    return Transport.make(client, (timeout) => {
      const send = client[Transport.TypeId](timeout)
      return (request) => watch(request, send(request))
    })
  }

const throttle =
  (say: Say): Observer["throttle"] =>
  (real): Throttle.Throttle => ({
    ...real,
    take: (key, options) =>
      Effect.gen(function* () {
        const startedAt = yield* Clock.currentTimeMillis
        const waited = yield* real.take(key, options)
        if (waited) yield* say(`waited ${seconds((yield* Clock.currentTimeMillis) - startedAt)} for its turn`)
        return waited
      }),
    hold: (key, millis) =>
      Effect.zipRight(say(`Adobe Pass asks for a pause of ${seconds(millis)}`), real.hold(key, millis))
  })

const reasons = {
  cold: "there was none",
  expiring: "the one before expires soon",
  expired: "the one before has expired",
  rejected: "the one before was refused",
  replaced: "the credentials are new"
} as const

/** What happened to the session, in a sentence. */
const sentence = (event: SessionEvent): string => {
  switch (event._tag) {
    case "Registered":
      return "registered with Adobe Pass"
    case "CredentialsAdopted":
      return "took the credentials from the store"
    case "CredentialsReplaced":
      return "registered again, because Adobe Pass does not know the credentials of the store"
    case "RegistrationAbandoned":
      return "a registration was given up, and Adobe Pass may have a client that is not used"
    case "RedirectUriChanged":
      return "the credentials of the store were registered with another redirect URI"
    case "TokenObtained":
      return `got a token, because ${reasons[event.reason]}`
    case "TokenAdopted":
      return "took the token from the store"
    case "RefreshFailed":
    case "StoreFailed":
      return event.error.message
    case "Forgotten":
      return "forgot the session"
    case "IncidentStarted":
      return "Adobe Pass refuses the credentials of several devices, which are kept for now"
    case "IncidentEnded":
      return "Adobe Pass accepts the credentials again"
  }
}

/** Looks at requests and waits. */
export const observer: Effect.Effect<Observer, never, Output.Output> = Effect.map(Output.Output, (output) => {
  const say = sayTo(output)
  return { transport: transport(say), throttle: throttle(say) }
})

/** Tells what happens to sessions until the scope closes. */
export const events = Effect.gen(function* () {
  const say = sayTo(yield* Output.Output)
  const sessions = yield* Sessions
  yield* Effect.forkScoped(Stream.runForEach(sessions.events, (event) => say(sentence(event))))
  // The fiber subscribes when it gets its turn, which comes before that of the call.
  yield* Effect.yieldNow()
})

/** The client of the contract over the protected client: how it reads answers, and what becomes of those it cannot read. */
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpApiError from "@effect/platform/HttpApiError"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import {
  type ForeignOrigin,
  InvalidInput,
  type ProtectedCallError,
  UnexpectedResponse
} from "effect-adobe-pass/AdobePassError"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import type { EnhancedErrorBody } from "../EnhancedErrorBody.js"
import { RestV2Api } from "../RestV2Api.js"
import { errorIn } from "./errorInPlace.js"
import { firstIssue, type Issue, issuePaths } from "./issues.js"

/** What a call of REST API v2 fails with. Its URLs are relative, so they are never foreign. */
export type CallError = Exclude<ProtectedCallError, ForeignOrigin>

/** What the derived client fails with. */
export type Failure =
  | ProtectedCallError
  | EnhancedErrorBody
  | HttpApiError.HttpApiDecodeError
  | HttpClientError.HttpClientError
  | ParseResult.ParseError

const problemOf = (tag: Issue["tag"]): string => {
  switch (tag) {
    case "Missing":
      return "is missing"
    case "Refinement":
      return "cannot stand in a path: it must be text that is neither blank nor . or .. and has no control characters"
    default:
      return "cannot be sent: it is not of the type that the call takes"
  }
}

/** The first thing that the request cannot carry, and not its value. */
export const unsendable = (error: ParseResult.ParseError): InvalidInput => {
  const { path, tag } = firstIssue(error)
  return new InvalidInput({ field: path.map(String).join(".") || "A parameter", problem: problemOf(tag) })
}

/** What became of a success that is not what was asked for: an enhanced error, no JSON, or JSON that lacks something. */
const mismatch = <R>(
  { itemError }: ProtectedClient.Calls<R>,
  answer: HttpClientResponse.HttpClientResponse,
  issues: ReadonlyArray<string>
): Effect.Effect<never, CallError, R> =>
  Effect.gen(function* () {
    const { status } = answer
    const text = yield* ProtectedClient.readBody(({ text }) => text)(answer)
    const error = errorIn(text)
    if (Option.isSome(error))
      return yield* Effect.flatMap(itemError(error.value, answer.request), Effect.fail)
    // Fails for what is not JSON, and says what it is; the platform reads nothing as null.
    yield* ProtectedClient.readBody(({ json }) => json)(answer)
    const reason = text === "" ? "EmptyBody" : "UnexpectedJson"
    return yield* new UnexpectedResponse({ operation: "call", status, reason, issues })
  })

type Answer = Option.Option<HttpClientResponse.HttpClientResponse>

/** The answer of the call under way: the platform says what is wrong with an answer, and not with which. */
const currentAnswer = FiberRef.unsafeMake<Answer>(Option.none())

const keep = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.tap(ProtectedClient.buffered(response), (answer) => FiberRef.set(currentAnswer, Option.some(answer)))

/** An error of the library in place of those of the platform, which may show what was sent and received. */
const fail = <R>(
  calls: ProtectedClient.Calls<R>,
  answer: Answer,
  failure: Failure
): Effect.Effect<never, CallError, R> => {
  if (!("_tag" in failure)) return Effect.die(failure)
  switch (failure._tag) {
    case "ParseError":
      return Option.isNone(answer) ? unsendable(failure) : mismatch(calls, answer.value, issuePaths(failure))
    case "ResponseError":
      return new UnexpectedResponse({
        operation: "call",
        status: failure.response.status,
        reason: "UnknownStatus",
        issues: []
      })
    // The protected client fails with its own errors, and its relative URLs are of the environment.
    case "RequestError":
    case "HttpApiDecodeError":
    case "ForeignOrigin":
      return Effect.die(failure)
    default:
      return Effect.fail(failure)
  }
}

/** The client as the platform derives it from the contract, and `call`, whose failures are those of the library. */
export const derive = <R>(calls: ProtectedClient.Calls<R>) => {
  const client = HttpApiClient.makeWith(RestV2Api, {
    httpClient: calls.pipe(
      HttpClient.mapRequest(HttpClientRequest.accept("application/json;charset=utf-8")),
      HttpClient.transformResponse(Effect.flatMap(keep))
    )
  })
  const call = <A>(called: Effect.Effect<A, Failure, R>): Effect.Effect<A, CallError, R> =>
    called.pipe(
      Effect.catchAll((failure) =>
        Effect.flatMap(FiberRef.get(currentAnswer), (answer) => fail(calls, answer, failure))
      ),
      Effect.locally(currentAnswer, Option.none())
    )
  return Effect.map(client, (groups) => ({ ...groups, call }))
}

/** The client of the contract over the protected client: how it reads answers, and what becomes of those it cannot read. */
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpApiError from "@effect/platform/HttpApiError"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import {
  type ForeignOrigin,
  InvalidInput,
  type ProtectedCallError,
  UnexpectedResponse
} from "effect-adobe-pass/AdobePassError"
import * as EnhancedError from "effect-adobe-pass/EnhancedError"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import type { EnhancedErrorBody } from "../EnhancedErrorBody.js"
import { RestV2Api } from "../RestV2Api.js"

/** What a call of REST API v2 fails with. Its URLs are relative, so they are never foreign. */
export type CallError = Exclude<ProtectedCallError, ForeignOrigin>

/** An answer that is not what the contract says. */
class Mismatch {
  readonly _tag = "Mismatch"
  readonly issues: ReadonlyArray<string>

  constructor(error: ParseResult.ParseError) {
    this.issues = pathsOf(error)
  }
}

/** What the derived client fails with. */
export type Failure =
  | ProtectedCallError
  | EnhancedErrorBody
  | HttpApiError.HttpApiDecodeError
  | HttpClientError.HttpClientError
  | ParseResult.ParseError
  | Mismatch

const pathsOf = ({ issue }: ParseResult.ParseError): ReadonlyArray<string> => [
  ...new Set(ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ path }) => path.join(".")))
]

const problemOf = (issue: ParseResult.ArrayFormatterIssue["_tag"] | undefined): string => {
  switch (issue) {
    case "Missing":
      return "is missing"
    case "Refinement":
      return "cannot stand in a path: it must be text that is neither blank nor . or .. and has no control characters"
    default:
      return "cannot be sent: it is not of the type that the call takes"
  }
}

/** The first thing that the request cannot carry, and not its value. */
export const unsendable = ({ issue }: ParseResult.ParseError): InvalidInput => {
  const [first] = ParseResult.ArrayFormatter.formatIssueSync(issue)
  return new InvalidInput({ field: first?.path.join(".") || "A parameter", problem: problemOf(first?._tag) })
}

/** An error of the library in place of those of the platform, which may show what was sent and received. */
const fail = (failure: Failure): Effect.Effect<never, CallError> => {
  if (!("_tag" in failure)) return Effect.die(failure)
  switch (failure._tag) {
    case "ParseError":
      return unsendable(failure)
    case "Mismatch":
      return new UnexpectedResponse({
        operation: "call",
        status: 200,
        reason: "UnexpectedJson",
        issues: failure.issues
      })
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

const parse = Schema.decodeOption(Schema.parseJson())

/** A success that holds an error in place of what was asked for. */
const holdsError = (json: unknown): boolean =>
  Predicate.isRecord(json) && (typeof json["action"] === "string" || Predicate.isRecord(json["error"]))

/** Reads an answer: what follows has its body in memory. */
const read =
  <R>(calls: ProtectedClient.Calls<R>) =>
  (response: HttpClientResponse.HttpClientResponse) =>
    Effect.gen(function* () {
      const text = yield* ProtectedClient.readBody(({ text }) => text)(response)
      const json = parse(text)
      // It fails, and says what the body is.
      if (Option.isNone(json)) yield* ProtectedClient.readBody(({ json }) => json)(response)
      const error = Option.flatMap(Option.filter(json, holdsError), EnhancedError.fromJson)
      if (Option.isSome(error)) return yield* Effect.flatMap(calls.itemError(error.value), Effect.fail)
      return HttpClientResponse.fromWeb(response.request, new Response(text, { status: response.status }))
    })

const tellMismatch = <A, E>(decoded: Effect.Effect<A, E>): Effect.Effect<A, E | Mismatch> =>
  Effect.mapError(decoded, (error) => (ParseResult.isParseError(error) ? new Mismatch(error) : error))

/** The client as the platform derives it from the contract. */
export const derive = <R>(calls: ProtectedClient.Calls<R>) =>
  HttpApiClient.makeWith(RestV2Api, {
    httpClient: calls.pipe(
      HttpClient.mapRequest(HttpClientRequest.accept("application/json;charset=utf-8")),
      HttpClient.transformResponse(Effect.flatMap(read(calls)))
    ),
    transformResponse: tellMismatch
  })

/** A call whose failures are those of the library. */
export const call = <A, R>(called: Effect.Effect<A, Failure, R>): Effect.Effect<A, CallError, R> =>
  Effect.catchAll(called, fail)

/**
 * Every way in which the library can fail, as closed unions of tagged errors.
 *
 * No error carries a secret: no statement, client id, client secret, token, device identifier or IP address is
 * ever copied into a field or a message, and no raw `HttpClientError` or `ParseError` is kept as a cause.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { describeTransport } from "./internal/http/describeTransport.js"
import { remedy } from "./internal/store/remedy.js"

/**
 * The steps of the protocol an error can come from.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = "register" | "token" | "call"

const Operation = Schema.Literal("register", "token", "call")

const endpoint = (operation: Operation): string =>
  operation === "register"
    ? "POST /o/client/register"
    : operation === "token"
      ? "POST /o/client/token"
      : "The protected call"

const attempted = (attempts: number): string => (attempts > 1 ? ` (${attempts} attempts)` : "")

/**
 * A value handed to the library cannot be used. Nothing was sent.
 *
 * `field` names the value (`softwareStatement`, `device.ip`, `headers.x-trace`), `problem` says what is wrong with
 * it without repeating it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidInput extends Schema.TaggedError<InvalidInput>("effect-adobe-pass/InvalidInput")(
  "InvalidInput",
  { field: Schema.String, problem: Schema.String }
) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `${this.field} ${this.problem}.`
  }
}

/**
 * A protected call names a host that does not belong to the environment. Nothing was sent, the access token included.
 *
 * @since 0.1.0
 * @category errors
 */
export class ForeignOrigin extends Schema.TaggedError<ForeignOrigin>("effect-adobe-pass/ForeignOrigin")(
  "ForeignOrigin",
  { origin: Schema.String, environment: Schema.String }
) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `${this.origin} is not a host of ${this.environment}: use a relative URL, or a client for the environment that owns this host.`
  }
}

/**
 * `400 {"error":"invalid_request"}`: a parameter is missing, repeated or not supported.
 *
 * @since 0.1.0
 * @category errors
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>("effect-adobe-pass/InvalidRequest")(
  "InvalidRequest",
  { operation: Operation, status: Schema.Number }
) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `${endpoint(this.operation)} called the request invalid (invalid_request): check the software statement, the redirect URI and the device; repeating it will not help.`
  }
}

/**
 * `400 {"error":"invalid_redirect_uri"}`: the URI is outside the domains of the registered application.
 *
 * @since 0.1.0
 * @category errors
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2
 */
export class InvalidRedirectUri extends Schema.TaggedError<InvalidRedirectUri>(
  "effect-adobe-pass/InvalidRedirectUri"
)("InvalidRedirectUri", { status: Schema.Number }) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return "The redirect URI is not allowed for this registered application (invalid_redirect_uri): use one of the domains chosen for it in the TVE Dashboard."
  }
}

/**
 * `400 {"error":"invalid_software_statement"}`: the statement is damaged or belongs to another environment.
 *
 * @since 0.1.0
 * @category errors
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2
 */
export class InvalidSoftwareStatement extends Schema.TaggedError<InvalidSoftwareStatement>(
  "effect-adobe-pass/InvalidSoftwareStatement"
)("InvalidSoftwareStatement", { status: Schema.Number }) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return "Adobe Pass does not accept the software statement (invalid_software_statement): download it again for this environment."
  }
}

/**
 * `400 {"error":"unapproved_software_statement"}`: the statement was revoked, or its application is not known yet.
 *
 * @since 0.1.0
 * @category errors
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2
 */
export class UnapprovedSoftwareStatement extends Schema.TaggedError<UnapprovedSoftwareStatement>(
  "effect-adobe-pass/UnapprovedSoftwareStatement"
)("UnapprovedSoftwareStatement", { status: Schema.Number }) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return "The software statement is not approved (unapproved_software_statement): it was revoked, or the application is younger than about two minutes; a person has to act."
  }
}

/**
 * `400 {"error":"invalid_client"}`: Adobe Pass does not know these client credentials.
 *
 * `deferred` says that the credentials are tried again soon, and replaced later if they stay refused: `Incident` when the
 * credentials of several devices are refused, which is probably a fault of the service; `Untested` when they were issued
 * a short time ago and have not given a token yet. Without `deferred` the refusal was confirmed, and the policy
 * (`sessions.reregister`) does not let the library register again.
 *
 * @since 0.1.0
 * @category errors
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class InvalidClient extends Schema.TaggedError<InvalidClient>("effect-adobe-pass/InvalidClient")(
  "InvalidClient",
  {
    status: Schema.Number,
    deferred: Schema.optionalWith(Schema.Literal("Incident", "Untested"), { exact: true })
  }
) {
  get retryable(): boolean {
    return this.deferred !== undefined
  }
  override get message(): string {
    switch (this.deferred) {
      case "Incident":
        return "Adobe Pass refuses the client credentials of several devices (invalid_client), so this device keeps its own for now: try again, and if it lasts ask Adobe support whether the credentials were lost."
      case "Untested":
        return "Adobe Pass does not know the client credentials that it issued to this device a short time ago (invalid_client): try again."
      default:
        return "Adobe Pass does not know the client credentials of this device (invalid_client): registering again would sign its users out, so decide, then forget the session to allow it."
    }
  }
}

/**
 * `400 {"error":"unauthorized_client"}`: the client may not use the client-credentials grant.
 *
 * @since 0.1.0
 * @category errors
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class UnauthorizedClient extends Schema.TaggedError<UnauthorizedClient>(
  "effect-adobe-pass/UnauthorizedClient"
)("UnauthorizedClient", { status: Schema.Number }) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return "The client may not use the client_credentials grant (unauthorized_client): check the type of the registered application in the TVE Dashboard."
  }
}

/**
 * `400 {"error":"unsupported_grant_type"}`: the server does not know the client-credentials grant.
 *
 * @since 0.1.0
 * @category errors
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class UnsupportedGrantType extends Schema.TaggedError<UnsupportedGrantType>(
  "effect-adobe-pass/UnsupportedGrantType"
)("UnsupportedGrantType", { status: Schema.Number }) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return "The server does not support the client_credentials grant (unsupported_grant_type): check that the base URL is an Adobe Pass environment."
  }
}

/**
 * Adobe Pass answered 429 until the attempts were used up, or the wait for a permit would have been longer than
 * `maxWait` and nothing was sent (`status` is then absent).
 *
 * `retryAfterMillis` is the wait, in milliseconds, after which a repetition makes sense: at most `Throttle.longestHold`
 * after a 429, whatever the server asks for. `countedBy` is `"caller"` for a management API, which counts the calls of
 * the address that they come from; all others count those of a device.
 *
 * @since 0.1.0
 * @category errors
 */
export class Throttled extends Schema.TaggedError<Throttled>("effect-adobe-pass/Throttled")("Throttled", {
  operation: Operation,
  status: Schema.optionalWith(Schema.Number, { exact: true }),
  countedBy: Schema.optionalWith(Schema.Literal("caller"), { exact: true }),
  retryAfterMillis: Schema.Number,
  attempts: Schema.Number
}) {
  get retryable(): true {
    return true
  }
  override get message(): string {
    const wait = Math.ceil(this.retryAfterMillis / 1000)
    if (this.countedBy === "caller") {
      const what =
        this.status === undefined ? "was not sent" : `was throttled (429)${attempted(this.attempts)}`
      return `${endpoint(this.operation)} to a management API ${what}: wait at least ${wait} s; the calls of this machine's address are counted, and the Degradation API accepts two a minute.`
    }
    return this.status === undefined
      ? `${endpoint(this.operation)} was not sent: about ${wait} s of earlier requests wait for the same device IP; send fewer at once, or raise throttle.maxWait.`
      : `${endpoint(this.operation)} was throttled (429)${attempted(this.attempts)}: wait at least ${wait} s; if this happens often, check that the device's own IP is forwarded.`
  }
}

/**
 * Adobe Pass could not answer: a 5xx, 408 or 425, or the OAuth code `server_error` or `temporarily_unavailable`, until
 * the attempts were used up.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServiceUnavailable extends Schema.TaggedError<ServiceUnavailable>(
  "effect-adobe-pass/ServiceUnavailable"
)("ServiceUnavailable", {
  operation: Operation,
  status: Schema.Number,
  code: Schema.optionalWith(Schema.String, { exact: true }),
  trace: Schema.optionalWith(Schema.String, { exact: true }),
  retryAfterMillis: Schema.optionalWith(Schema.Number, { exact: true }),
  attempts: Schema.Number
}) {
  get retryable(): true {
    return true
  }
  override get message(): string {
    return `${endpoint(this.operation)} failed on Adobe's side with status ${this.status}${attempted(this.attempts)}: try again later.`
  }
}

/**
 * No answer came, or not all of it: there was no connection (`NotConnected`), it broke (`ConnectionLost`), the answer
 * did not begin in time (`Timeout`), or its body did not go on (`Stalled`).
 *
 * Only `NotConnected` proves that the server received nothing. `code` is the system's code where there is one, such
 * as `ECONNREFUSED`, or one of the transport: `PROXY_407` for a proxy that answered with that status,
 * `NO_CONNECTION_IN_TIME`, `BODY_NOT_READ`.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransportError extends Schema.TaggedError<TransportError>("effect-adobe-pass/TransportError")(
  "TransportError",
  {
    operation: Operation,
    reason: Schema.Literal("NotConnected", "ConnectionLost", "Timeout", "Stalled"),
    code: Schema.optionalWith(Schema.String, { exact: true }),
    attempts: Schema.Number
  }
) {
  get retryable(): true {
    return true
  }
  override get message(): string {
    const { advice, what } = describeTransport(this.reason, this.code)
    const code = this.code === undefined ? "" : ` [${this.code}]`
    return `${endpoint(this.operation)} ${what}${code}${attempted(this.attempts)}: ${advice}.`
  }
}

/**
 * The answer is not one that Adobe Pass documents: an unexpected status, an HTML page, an empty, broken or endless body,
 * one in an unknown encoding, or one that lacks what it must have.
 *
 * After a 2xx that cannot be used, a token request is repeated, which is harmless; a registration is not, because it may
 * have created a client.
 *
 * `reason` tells which; `issues` are the paths of the fields that are missing or wrong, never their values.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnexpectedResponse extends Schema.TaggedError<UnexpectedResponse>(
  "effect-adobe-pass/UnexpectedResponse"
)("UnexpectedResponse", {
  operation: Operation,
  status: Schema.Number,
  reason: Schema.Literal(
    "EmptyBody",
    "Html",
    "Text",
    "BrokenJson",
    "UnexpectedJson",
    "UnknownCode",
    "Encoding",
    "TooLarge",
    "Redirect",
    "UnknownStatus"
  ),
  code: Schema.optionalWith(Schema.String, { exact: true }),
  issues: Schema.Array(Schema.String)
}) {
  get retryable(): boolean {
    return this.operation === "token" && this.status >= 200 && this.status < 300
  }
  override get message(): string {
    const what: Record<UnexpectedResponse["reason"], string> = {
      EmptyBody: " and an empty body",
      Html: " and an HTML page",
      Text: " and plain text",
      BrokenJson: " and a body that is not complete JSON",
      UnexpectedJson: ` and JSON without the expected fields${this.issues.length === 0 ? "" : ` (${this.issues.join(", ")})`}`,
      UnknownCode: ` and the unknown error code ${this.code ?? ""}`.trimEnd(),
      Encoding: ` and a body whose encoding${this.code === undefined ? "" : ` (${this.code})`} cannot be decoded`,
      TooLarge: " and a body that is too long",
      Redirect: " and a redirect, which is not followed",
      UnknownStatus: ", which Adobe Pass does not document"
    }
    return `${endpoint(this.operation)} was answered with status ${this.status}${what[this.reason]}: check that the base URL is an Adobe Pass environment and that no proxy answers in its place.`
  }
}

/**
 * The credential store could not be read or written. Nothing was overwritten; credentials that could not be saved
 * stay in memory until the next call of their device.
 *
 * `Unavailable`: the store cannot be reached; `Timeout`: it was too slow; `Locked`: another process held the lock of
 * this session for too long, or took it over before the save; `Corrupt`: a record exists but cannot be decoded, a
 * person has to look at it; `Mismatch`: the record belongs to another environment, statement or device; `Encrypted`: it
 * is encrypted with a key that is not configured; `Plaintext`: it is not encrypted, and such records are refused;
 * `Newer`: a newer version of this library wrote it; `Evicting`: the store removes records by itself, so that one that
 * is missing may have been there; `Unsupported`: the store has no such operation.
 *
 * @since 0.1.0
 * @category errors
 */
export class CredentialStoreError extends Schema.TaggedError<CredentialStoreError>(
  "effect-adobe-pass/CredentialStoreError"
)("CredentialStoreError", {
  operation: Schema.Literal("load", "save", "remove", "lock", "list"),
  reason: Schema.Literal(
    "Unavailable",
    "Timeout",
    "Locked",
    "Corrupt",
    "Mismatch",
    "Encrypted",
    "Plaintext",
    "Newer",
    "Evicting",
    "Unsupported"
  ),
  code: Schema.optionalWith(Schema.String, { exact: true })
}) {
  get retryable(): boolean {
    return this.reason === "Unavailable" || this.reason === "Timeout" || this.reason === "Locked"
  }
  override get message(): string {
    const code = this.code === undefined ? "" : ` [${this.code}]`
    const kept =
      this.operation === "save"
        ? "new credentials are kept in memory and saved by the next call of their device, so nothing is registered twice"
        : "nothing was registered or lost"
    const sentences: Record<CredentialStoreError["reason"], string> = {
      Unavailable: `The credential store failed to ${this.operation}${code}: ${remedy(this.code)}; ${kept}.`,
      Timeout: `The credential store took too long to ${this.operation}${code}: check its load; ${kept}.`,
      Locked: `Another process held the lock of this session for too long${code}: try again.`,
      Corrupt:
        "The stored record of this session cannot be decoded: restore it from a backup, or forget the session and let its users sign in again.",
      Mismatch:
        "The stored record belongs to another environment, software statement or device: check who writes to the store.",
      Encrypted:
        "The stored record is encrypted with a key that is not among the configured ones: add that key to the end of the list.",
      Plaintext:
        "The stored record of this session is in clear, which the encryption of this store refuses: accept such records until they are encrypted, or check who writes to the store.",
      Newer:
        "The stored record of this session was written by a newer version of this library: update this node. The record is kept as it is.",
      Evicting: `The credential store was not asked to ${this.operation}, because it removes records when its memory is full${code}: set its maxmemory-policy to noeviction.`,
      Unsupported: `This credential store cannot ${this.operation} sessions: use one that can.`
    }
    return sentences[this.reason]
  }
}

const enhanced = {
  status: Schema.Number,
  action: Schema.optionalWith(Schema.String, { exact: true }),
  code: Schema.optionalWith(Schema.String, { exact: true }),
  details: Schema.optionalWith(Schema.String, { exact: true }),
  serverMessage: Schema.optionalWith(Schema.String, { exact: true }),
  helpUrl: Schema.optionalWith(Schema.String, { exact: true }),
  trace: Schema.optionalWith(Schema.String, { exact: true }),
  attempts: Schema.Number
}

const named = (error: { readonly status: number; readonly code?: string; readonly trace?: string }): string =>
  `${error.status}${error.code === undefined ? "" : ` ${error.code}`}${error.trace === undefined ? "" : `, trace ${error.trace}`}`

/**
 * A 4xx answer with action `none`, an action that is not known yet, or no enhanced error at all: the request itself
 * is wrong, or the MVPD said no. For one item of a successful answer: whatever its status, any such action.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestRejected extends Schema.TaggedError<RequestRejected>("effect-adobe-pass/RequestRejected")(
  "RequestRejected",
  enhanced
) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `Adobe Pass rejected the call (${named(this)}): correct the request, repeating it will not help.`
  }
}

/**
 * An answer with action `configuration`: something has to change in the TVE Dashboard or at Adobe.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigurationRequired extends Schema.TaggedError<ConfigurationRequired>(
  "effect-adobe-pass/ConfigurationRequired"
)("ConfigurationRequired", enhanced) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `Adobe Pass reports a configuration problem (${named(this)}): change it in the TVE Dashboard or ask Adobe support.`
  }
}

/**
 * An answer with action `application-registration` that a fresh access token did not cure. The library does not
 * register again, since that would sign the users of the device out.
 *
 * @since 0.1.0
 * @category errors
 */
export class ApplicationRegistrationRequired extends Schema.TaggedError<ApplicationRegistrationRequired>(
  "effect-adobe-pass/ApplicationRegistrationRequired"
)("ApplicationRegistrationRequired", enhanced) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `Adobe Pass refuses the registered application even with a fresh token (${named(this)}): check that its software statement is active and linked to this service provider.`
  }
}

/**
 * A 401 that a fresh access token did not cure, without a usable action; or a 401 for a streaming body, which cannot
 * be repeated. After the latter the refused token is no longer used.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccessTokenRejected extends Schema.TaggedError<AccessTokenRejected>(
  "effect-adobe-pass/AccessTokenRejected"
)("AccessTokenRejected", { ...enhanced, replayable: Schema.Boolean }) {
  get retryable(): boolean {
    return !this.replayable
  }
  override get message(): string {
    return this.replayable
      ? `Adobe Pass refuses a fresh access token (${named(this)}): check the scopes of the registered application, and for management APIs that the caller's IP is on Adobe's allow-list.`
      : `Adobe Pass refused the access token (${named(this)}) and the streamed body cannot be sent twice: send the call again.`
  }
}

/**
 * The access token does not carry the scope `api:client:v2`, which every call to REST API v2 needs. Nothing was sent;
 * `status` is there when the call was sent all the same (`missingScope: "send"`), and refused.
 *
 * @since 0.1.0
 * @category errors
 */
export class InsufficientScope extends Schema.TaggedError<InsufficientScope>(
  "effect-adobe-pass/InsufficientScope"
)("InsufficientScope", {
  ...enhanced,
  status: Schema.optionalWith(Schema.Number, { exact: true }),
  required: Schema.String,
  granted: Schema.Array(Schema.String)
}) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `The access token lacks the scope ${this.required} (it has ${this.granted.join(", ") || "none"}): create a registered application with that scope and use its software statement.`
  }
}

/**
 * An answer with action `authentication`: the user has to log in (again).
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthenticationRequired extends Schema.TaggedError<AuthenticationRequired>(
  "effect-adobe-pass/AuthenticationRequired"
)("AuthenticationRequired", enhanced) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `The user has to log in again (${named(this)}).`
  }
}

/**
 * An answer with action `authorization`: the resource has to be authorized (again).
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthorizationRequired extends Schema.TaggedError<AuthorizationRequired>(
  "effect-adobe-pass/AuthorizationRequired"
)("AuthorizationRequired", enhanced) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return `The resource has to be authorized again (${named(this)}).`
  }
}

/**
 * An answer with action `retry` until the attempts were used up.
 *
 * @since 0.1.0
 * @category errors
 */
export class TemporaryFailure extends Schema.TaggedError<TemporaryFailure>(
  "effect-adobe-pass/TemporaryFailure"
)("TemporaryFailure", {
  ...enhanced,
  retryAfterMillis: Schema.optionalWith(Schema.Number, { exact: true })
}) {
  get retryable(): true {
    return true
  }
  override get message(): string {
    return `Adobe Pass or the MVPD failed for the moment (${named(this)})${attempted(this.attempts)}: try again later.`
  }
}

/**
 * The documented OAuth codes of `POST /o/client/register`, each as its own error.
 *
 * @since 0.1.0
 * @category models
 */
export type RegistrationRefused =
  | InvalidRequest
  | InvalidRedirectUri
  | InvalidSoftwareStatement
  | UnapprovedSoftwareStatement

/**
 * The documented OAuth codes of `POST /o/client/token`, each as its own error.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenRefused = InvalidRequest | InvalidClient | UnauthorizedClient | UnsupportedGrantType

/**
 * What any request can fail with: throttling, an outage, a broken connection, an undocumented answer.
 *
 * @since 0.1.0
 * @category models
 */
export type ExchangeError = Throttled | ServiceUnavailable | TransportError | UnexpectedResponse

/**
 * What reading the body of an answer can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type BodyError = TransportError | UnexpectedResponse

/**
 * Everything `ClientRegistration.register` can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type RegistrationError = RegistrationRefused | ExchangeError

/**
 * Everything `TokenEndpoint.request` can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenError = TokenRefused | ExchangeError

/**
 * Everything that getting a valid access token for a device can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionError = RegistrationError | TokenError | CredentialStoreError

/**
 * What an enhanced error says, by its action: each as its own error, whether it is that of a whole answer or that of one
 * item of a successful one (`ProtectedClient.Calls.itemError`).
 *
 * @since 0.1.0
 * @category models
 */
export type CallRefused = typeof CallRefused.Type

/**
 * The schema of these errors, which also tells whether a value is one of them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CallRefused = Schema.Union(
  RequestRejected,
  ConfigurationRequired,
  ApplicationRegistrationRequired,
  AuthenticationRequired,
  AuthorizationRequired,
  TemporaryFailure
)

/**
 * What a protected call can fail with when its answer, whatever it is, counts as a success. The last three say what is
 * known without asking.
 *
 * @since 0.1.0
 * @category models
 */
export type RawCallError =
  | SessionError
  | ForeignOrigin
  | InvalidInput
  | ApplicationRegistrationRequired
  | AccessTokenRejected
  | InsufficientScope

/**
 * Everything a protected call can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type ProtectedCallError = RawCallError | CallRefused

/**
 * Every error of the library.
 *
 * @since 0.1.0
 * @category models
 */
export type AdobePassError = ProtectedCallError

/**
 * Whether a later repetition of the same step can succeed without anybody changing anything.
 *
 * @since 0.1.0
 * @category guards
 */
export const isRetryable = (error: AdobePassError): boolean => error.retryable

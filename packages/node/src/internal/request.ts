/** Sends one request to a dispatcher of undici. */
import { Readable } from "node:stream"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Failure } from "effect-adobe-pass/Transport"
import * as Undici from "undici"
import { notConnected } from "./notConnected.js"
import { type RawHeaders, UndiciResponse } from "./response.js"
import { type BodyLimits, highWaterMark, ResponseBody, stalled } from "./responseBody.js"
import { TimeoutEntry, type TimeoutList } from "./timeoutList.js"

type Outcome = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError>
type Resume = (outcome: Outcome) => void
type Body = Exclude<Undici.Dispatcher.DispatchOptions["body"], undefined>

const transportFailure = (request: HttpClientRequest.HttpClientRequest, cause: unknown) =>
  Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause }))

/** @internal */
export interface SendOptions {
  readonly dispatcher: Undici.Dispatcher
  readonly limits: BodyLimits
  /**
   * Limits the wait for a connection, and then the time until the head of the response. A short body is then waited for,
   * too, so that one that breaks is a failure of the request. @default no limit
   */
  readonly timeouts?: TimeoutList | undefined
  readonly signal?: AbortSignal | undefined
}

/** Whether a body can be waited for: it is a document, and its reader would not get it in pieces. */
const isShort = (status: number, headers: RawHeaders): boolean => {
  if (status >= 300) return false
  const length = headers["content-length"]
  if (length !== undefined) return Number(length) < highWaterMark
  return `${headers["content-type"]}`.startsWith("application/json")
}

/**
 * Receives the events of one request. The fiber resumes when the head of the response has arrived, or with the complete
 * body when both arrive in one packet, as small ones do.
 */
class PendingRequest extends TimeoutEntry implements Undici.Dispatcher.DispatchHandler {
  readonly #options: SendOptions
  readonly #dispatched: Undici.Dispatcher.DispatchOptions
  #request: HttpClientRequest.HttpClientRequest | undefined
  #resume: Resume | undefined
  #controller: Undici.Dispatcher.DispatchController | undefined
  #cancelled: Error | undefined
  #response: UndiciResponse | undefined
  #body: ResponseBody | undefined
  #isHeld = false
  /** When a body that still arrives is handed on, by `performance.now`. */
  #heldUntil = 0

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    dispatched: Undici.Dispatcher.DispatchOptions,
    options: SendOptions,
    resume: Resume
  ) {
    super()
    this.#request = request
    this.#dispatched = dispatched
    this.#options = options
    this.#resume = resume
  }

  dispatch(): void {
    this.#options.timeouts?.add(this)
    try {
      this.#options.dispatcher.dispatch(this.#dispatched, this)
    } catch (error) {
      this.#fail(notConnected(error))
    }
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#cancelled !== undefined) controller.abort(this.#cancelled)
    // The server is given the whole time, however long the request has waited for its connection.
    else this.#options.timeouts?.add(this)
  }

  onResponseStart(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: RawHeaders
  ): void {
    if (status < 200 || this.#request === undefined) return
    const { limits, timeouts } = this.#options
    this.#body = new ResponseBody(controller, limits)
    this.#response = new UndiciResponse(this.#request, status, headers, this.#body)
    if (timeouts !== undefined && isShort(status, headers)) {
      this.#isHeld = true
      limits.idle.add(this)
      this.#heldUntil = performance.now() + timeouts.millis
    } else queueMicrotask(() => this.#deliver())
  }

  onResponseData(_controller: Undici.Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk)
    if (!this.#isHeld) return
    // One that comes drop by drop must not keep its caller beyond the limits, which its reader has.
    if (this.#body?.isFull === true || performance.now() >= this.#heldUntil) this.#deliver()
    else this.#options.limits.idle.add(this)
  }

  onResponseEnd(): void {
    this.#body?.end()
    this.#deliver()
  }

  onResponseError(_controller: unknown, error: Error): void {
    const failure =
      this.#controller === undefined
        ? notConnected(error)
        : new Failure({ reason: "ConnectionLost", cause: error })
    if (this.#body === undefined || this.#isHeld) {
      this.#fail(failure)
    } else {
      this.#body.fail(failure)
      this.#deliver()
    }
  }

  /** How a dispatcher of another version of undici refuses this handler. */
  onError(error: Error): void {
    this.onResponseError(undefined, error)
  }

  override onTimeout(): void {
    this.cancel(
      this.#isHeld
        ? stalled()
        : this.#controller === undefined
          ? new Failure({ reason: "NotConnected", code: "NO_CONNECTION_IN_TIME" })
          : new Cause.TimeoutException("The response did not begin within the time limit.")
    )
  }

  /** Fails the request and ends its connection, now or as soon as it has one. */
  cancel(reason: Error): void {
    this.#cancelled = reason
    this.#fail(reason)
    if (this.#controller !== undefined) {
      this.#controller.abort(reason)
    } else {
      // It may be long until the dispatcher takes it out of its queue.
      this.#dispatched.body = null
      this.#dispatched.headers = null
    }
  }

  #deliver(): void {
    if (this.#response === undefined || this.#resume === undefined) return
    this.#isHeld = false
    const response = this.#response
    this.#settle(Effect.succeed(response))
    this.#body?.handOver()
  }

  #fail(cause: unknown): void {
    if (this.#request !== undefined) this.#settle(transportFailure(this.#request, cause))
  }

  #settle(outcome: Outcome): void {
    const resume = this.#resume
    if (resume === undefined) return
    this.#resume = undefined
    this.#request = undefined
    this.list?.remove(this)
    resume(outcome)
  }
}

const interrupted = () => new Error("The request was interrupted.")

/** A copy as a `FormData` of undici, which does not accept the one of Node.js. */
const toUndiciForm = (form: globalThis.FormData): Undici.FormData => {
  const copy = new Undici.FormData()
  for (const [name, value] of form) copy.append(name, value)
  return copy
}

const plainBody = ({ body }: HttpClientRequest.HttpClientRequest): Body => {
  switch (body._tag) {
    case "Empty":
    case "Stream":
      return null
    case "FormData":
      return toUndiciForm(body.formData)
    case "Uint8Array":
      return body.body
    case "Raw":
      // The platform does not type a raw body; it has to be one that undici accepts.
      return body.body as Body
  }
}

const dispatch = (
  options: SendOptions,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  body: Body
): Outcome =>
  Effect.async((resume) => {
    const { signal } = options
    if (signal?.aborted === true) return resume(transportFailure(request, interrupted()))
    const pending = new PendingRequest(
      request,
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        // A proxy of undici writes into them.
        headers: { ...request.headers },
        body,
        // Limited by this module.
        headersTimeout: 0,
        bodyTimeout: 0
      },
      options,
      resume
    )
    signal?.addEventListener("abort", () => pending.cancel(interrupted()), { once: true })
    pending.dispatch()
    return Effect.sync(() => pending.cancel(interrupted()))
  })

/** Sends a request and succeeds when the head of the response has arrived. @internal */
export const send = (
  options: SendOptions,
  request: HttpClientRequest.HttpClientRequest,
  url: URL
): Outcome => {
  // It asks for a tunnel, for which undici has another method.
  if (String(request.method) === "CONNECT") {
    return transportFailure(request, notConnected(new Undici.errors.NotSupportedError("CONNECT")))
  }
  return request.body._tag === "Stream"
    ? Effect.flatMap(Stream.toAsyncIterableEffect(request.body.stream), (pieces) =>
        dispatch(options, request, url, Readable.from(pieces, { objectMode: false }))
      )
    : dispatch(options, request, url, plainBody(request))
}

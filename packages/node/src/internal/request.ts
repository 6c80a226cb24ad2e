/** Sends one request to a dispatcher of undici. */
import { Readable } from "node:stream"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Stream from "effect/Stream"
import { Failure } from "effect-adobe-pass/Transport"
import * as Undici from "undici"
import { notConnected } from "./notConnected.js"
import { type RawHeaders, UndiciResponse } from "./response.js"
import { type BodyLimits, highWaterMark, idleLimitOf, ResponseBody, stalled } from "./responseBody.js"
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

/** What undici is told of a request: an instance of a class, see `exchange`. */
class Dispatched implements Undici.Dispatcher.DispatchOptions {
  readonly origin: string
  readonly path: string
  readonly method: Undici.Dispatcher.HttpMethod
  headers: Record<string, string> | null
  body: Body
  // Limited by this module.
  readonly headersTimeout = 0
  readonly bodyTimeout = 0

  constructor(request: HttpClientRequest.HttpClientRequest, url: URL, body: Body) {
    this.origin = url.origin
    this.path = url.pathname + url.search
    this.method = request.method
    // A proxy of undici writes into them.
    this.headers = { ...request.headers }
    this.body = body
  }
}

/**
 * Receives the events of one request. The fiber resumes when the head of the response has arrived, or with the complete
 * body when both arrive in one packet, as small ones do.
 */
class PendingRequest extends TimeoutEntry implements Undici.Dispatcher.DispatchHandler {
  readonly #options: SendOptions
  readonly #limits: BodyLimits
  readonly #dispatched: Dispatched
  #request: HttpClientRequest.HttpClientRequest | undefined
  #resume: Resume | undefined
  #controller: Undici.Dispatcher.DispatchController | undefined
  #isCancelled = false
  #response: UndiciResponse | undefined
  #body: ResponseBody | undefined
  #isHeld = false
  /** When a body that still arrives is handed on, by `performance.now`. */
  #heldUntil = 0

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    dispatched: Dispatched,
    options: SendOptions,
    limits: BodyLimits
  ) {
    super()
    this.#request = request
    this.#dispatched = dispatched
    this.#options = options
    this.#limits = limits
  }

  dispatch(resume: Resume): void {
    this.#resume = resume
    this.#options.timeouts?.add(this)
    try {
      this.#options.dispatcher.dispatch(this.#dispatched, this)
    } catch (error) {
      this.#fail(notConnected(error))
    }
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isCancelled) controller.abort(new Error("The request was cancelled before it was sent."))
    // The server is given the whole time, however long the request has waited for its connection.
    else this.#options.timeouts?.add(this)
  }

  onResponseStart(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: RawHeaders
  ): void {
    if (status < 200 || this.#request === undefined) return
    const { timeouts } = this.#options
    this.#body = new ResponseBody(controller, this.#limits)
    this.#response = new UndiciResponse(this.#request, status, headers, this.#body)
    if (timeouts !== undefined && isShort(status, headers)) {
      this.#isHeld = true
      this.#limits.idle.add(this)
      this.#heldUntil = performance.now() + timeouts.millis
    } else queueMicrotask(() => this.#deliver())
  }

  onResponseData(_controller: Undici.Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk)
    if (!this.#isHeld) return
    // One that comes drop by drop must not keep its caller beyond the limits, which its reader has.
    if (this.#body?.isFull === true || performance.now() >= this.#heldUntil) this.#deliver()
    else this.#limits.idle.add(this)
  }

  onResponseEnd(): void {
    this.#body?.end()
    this.#deliver()
    this.#body = undefined
    this.#controller = undefined
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
    // Not the reason: an error refers to the functions on its stack, and they to the request.
    this.#isCancelled = true
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
    this.#response = undefined
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

/**
 * Waits for the response; an interruption ends the connection. `Effect.async` does so with a canceler, too, but makes two
 * object literals for each wait. V8 allocates literals in the old generation once some of them have lived long: each then
 * keeps a request and its response until the next full collection, though nobody needs them.
 */
const exchange = (pending: PendingRequest, isInterruptible: boolean): Outcome => {
  const outcome: Outcome = Effect.async((resume: Resume) => pending.dispatch(resume))
  return isInterruptible
    ? Effect.uninterruptible(
        Effect.catchAllCause(Effect.interruptible(outcome), (cause) => {
          pending.cancel(interrupted())
          return Effect.failCause(cause)
        })
      )
    : outcome
}

/** The limits of a body, with the pause that the caller allows, if it says so. */
const limitsFor = (fiber: Fiber.RuntimeFiber<unknown, unknown>, limits: BodyLimits): BodyLimits => {
  const idle = idleLimitOf(fiber)
  return idle === undefined ? limits : { ...limits, idle }
}

const dispatch = (
  options: SendOptions,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  body: Body
): Outcome =>
  Effect.withFiberRuntime((fiber, { runtimeFlags }) => {
    const { signal } = options
    if (signal?.aborted === true) return transportFailure(request, interrupted())
    const dispatched = new Dispatched(request, url, body)
    const pending = new PendingRequest(request, dispatched, options, limitsFor(fiber, options.limits))
    signal?.addEventListener("abort", () => pending.cancel(interrupted()), { once: true })
    return exchange(pending, RuntimeFlags.interruptible(runtimeFlags))
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

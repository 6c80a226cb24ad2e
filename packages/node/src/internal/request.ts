/** Sends one request to a dispatcher of undici. */
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Undici from "undici"
import { UndiciResponse } from "./response.js"
import { ResponseBody } from "./responseBody.js"
import { TimeoutEntry, type TimeoutList } from "./timeoutList.js"

type Outcome = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError>
type Resume = (outcome: Outcome) => void
type Body = Exclude<Undici.Dispatcher.DispatchOptions["body"], undefined>

const transportFailure = (request: HttpClientRequest.HttpClientRequest, cause: unknown) =>
  Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause }))

/**
 * Receives the events of one request. The fiber resumes when the head of the response has arrived, or with the complete
 * body when both arrive in one packet, as small ones do.
 */
class PendingRequest extends TimeoutEntry implements Undici.Dispatcher.DispatchHandler {
  readonly #request: HttpClientRequest.HttpClientRequest
  readonly #timeouts: TimeoutList | undefined
  #resume: Resume | undefined
  #controller: Undici.Dispatcher.DispatchController | undefined
  #cancelled: Error | undefined
  #response: UndiciResponse | undefined
  #body: ResponseBody | undefined

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    resume: Resume,
    timeouts: TimeoutList | undefined
  ) {
    super()
    this.#request = request
    this.#resume = resume
    this.#timeouts = timeouts
    timeouts?.add(this)
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#cancelled !== undefined) controller.abort(this.#cancelled)
  }

  onResponseStart(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: ConstructorParameters<typeof UndiciResponse>[2]
  ): void {
    if (status < 200) return
    this.#body = new ResponseBody(controller)
    this.#response = new UndiciResponse(this.#request, status, headers, this.#body)
    queueMicrotask(() => this.#deliver())
  }

  onResponseData(_controller: Undici.Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.#body?.end()
    this.#deliver()
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#body === undefined) {
      this.#fail(error)
    } else {
      this.#body.fail(error)
      this.#deliver()
    }
  }

  override onTimeout(): void {
    this.cancel(new Cause.TimeoutException("The response did not begin within the time limit."))
  }

  /** Fails the request and ends its connection, now or as soon as it has one. */
  cancel(reason: Error): void {
    this.#cancelled = reason
    this.#fail(reason)
    this.#controller?.abort(reason)
  }

  #deliver(): void {
    if (this.#response === undefined || this.#resume === undefined) return
    if (this.#body?.isComplete !== true) this.#response.abortWhenCollected()
    this.#settle(Effect.succeed(this.#response))
  }

  #fail(cause: unknown): void {
    if (this.#resume !== undefined) this.#settle(transportFailure(this.#request, cause))
  }

  #settle(outcome: Outcome): void {
    const resume = this.#resume
    if (resume === undefined) return
    this.#resume = undefined
    this.#timeouts?.remove(this)
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

/** @internal */
export interface SendOptions {
  readonly dispatcher: Undici.Dispatcher
  /** Limits the time until the head of the response. @default no limit */
  readonly timeouts?: TimeoutList | undefined
  readonly signal?: AbortSignal | undefined
}

const dispatch = (
  { dispatcher, signal, timeouts }: SendOptions,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  body: Body
): Outcome =>
  Effect.async((resume) => {
    if (signal?.aborted === true) return resume(transportFailure(request, interrupted()))
    const pending = new PendingRequest(request, resume, timeouts)
    signal?.addEventListener("abort", () => pending.cancel(interrupted()), { once: true })
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: request.headers,
        body,
        // The caller limits the time.
        headersTimeout: 0,
        bodyTimeout: 0
      },
      pending
    )
    return Effect.sync(() => pending.cancel(interrupted()))
  })

/** Sends a request and succeeds when the head of the response has arrived. @internal */
export const send = (
  options: SendOptions,
  request: HttpClientRequest.HttpClientRequest,
  url: URL
): Outcome =>
  request.body._tag === "Stream"
    ? Effect.flatMap(NodeStream.toReadable(request.body.stream), (body) =>
        dispatch(options, request, url, body)
      )
    : dispatch(options, request, url, plainBody(request))

/** One request and its answer, directly on a dispatcher of undici. */
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Undici from "undici"
import { Answer } from "./answer.js"
import { type Deadlines, Limited } from "./deadlines.js"
import { Incoming } from "./incoming.js"

type Outcome = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError>
type Resume = (outcome: Outcome) => void
type Body = Exclude<Undici.Dispatcher.DispatchOptions["body"], undefined>

/**
 * The fiber goes on when the head of the answer is here; with the whole body, if that came in the same piece, which is
 * the rule for small ones.
 */
class Exchange extends Limited implements Undici.Dispatcher.DispatchHandler {
  readonly #request: HttpClientRequest.HttpClientRequest
  readonly #deadlines: Deadlines | undefined
  #resume: Resume | undefined
  #controller: Undici.Dispatcher.DispatchController | undefined
  #cancelled: Error | undefined
  #answer: Answer | undefined
  #incoming: Incoming | undefined

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    resume: Resume,
    deadlines: Deadlines | undefined
  ) {
    super()
    this.#request = request
    this.#resume = resume
    this.#deadlines = deadlines
    deadlines?.add(this)
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#cancelled !== undefined) controller.abort(this.#cancelled)
  }

  onResponseStart(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: ConstructorParameters<typeof Answer>[2]
  ): void {
    if (status < 200) return
    this.#incoming = new Incoming(controller)
    this.#answer = new Answer(this.#request, status, headers, this.#incoming)
    queueMicrotask(() => this.#deliver())
  }

  onResponseData(_controller: Undici.Dispatcher.DispatchController, chunk: Buffer): void {
    this.#incoming?.push(chunk)
  }

  onResponseEnd(): void {
    this.#incoming?.end()
    this.#deliver()
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#incoming === undefined) {
      this.#fail(error)
    } else {
      this.#incoming.break(error)
      this.#deliver()
    }
  }

  override expire(): void {
    this.cancel(new Cause.TimeoutException("The answer did not begin in time."))
  }

  /** Ends the connection, at once or as soon as there is one. */
  cancel(reason: Error): void {
    this.#cancelled = reason
    this.#fail(reason)
    this.#controller?.abort(reason)
  }

  #deliver(): void {
    if (this.#answer === undefined || this.#resume === undefined) return
    if (this.#incoming?.isWhole !== true) this.#answer.watch()
    this.#settle(Effect.succeed(this.#answer))
  }

  #fail(cause: unknown): void {
    if (this.#resume === undefined) return
    this.#settle(
      Effect.fail(new HttpClientError.RequestError({ request: this.#request, reason: "Transport", cause }))
    )
  }

  #settle(outcome: Outcome): void {
    const resume = this.#resume
    if (resume === undefined) return
    this.#resume = undefined
    this.#deadlines?.remove(this)
    resume(outcome)
  }
}

const givenUp = () => new Error("The call was given up.")

/** Of the class that undici knows, which the one of Node.js is not. */
const formOf = (form: globalThis.FormData): Undici.FormData => {
  const known = new Undici.FormData()
  for (const [name, value] of form) known.append(name, value)
  return known
}

/** A body is whatever undici takes: the platform does not say more of a raw one. */
const plainBody = ({ body }: HttpClientRequest.HttpClientRequest): Body => {
  switch (body._tag) {
    case "Empty":
    case "Stream":
      return null
    case "FormData":
      return formOf(body.formData)
    case "Uint8Array":
      return body.body
    case "Raw":
      return body.body as Body
  }
}

/** What there is besides the request. @internal */
export interface Settings {
  readonly dispatcher: Undici.Dispatcher
  /** Until the answer begins; none without them. */
  readonly deadlines?: Deadlines | undefined
  readonly signal?: AbortSignal | undefined
}

const dispatch = (
  { deadlines, dispatcher, signal }: Settings,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  body: Body
): Outcome =>
  Effect.async((resume) => {
    if (signal?.aborted === true) {
      return resume(
        Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause: givenUp() }))
      )
    }
    const exchange = new Exchange(request, resume, deadlines)
    signal?.addEventListener("abort", () => exchange.cancel(givenUp()), { once: true })
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: request.headers,
        body,
        // Time is limited by whoever calls.
        headersTimeout: 0,
        bodyTimeout: 0
      },
      exchange
    )
    return Effect.sync(() => exchange.cancel(givenUp()))
  })

/** Sends a request, and answers when the answer has begun. @internal */
export const send = (settings: Settings, request: HttpClientRequest.HttpClientRequest, url: URL): Outcome =>
  request.body._tag === "Stream"
    ? Effect.flatMap(NodeStream.toReadable(request.body.stream), (body) =>
        dispatch(settings, request, url, body)
      )
    : dispatch(settings, request, url, plainBody(request))

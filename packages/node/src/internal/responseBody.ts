/** The body of a response while it arrives. */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import { BodyTimeout, Failure } from "effect-adobe-pass/Transport"
import type * as Undici from "undici"
import { TimeoutEntry, TimeoutList } from "./timeoutList.js"

/**
 * Bytes in the buffer at which reading from the connection pauses until somebody reads the body. @internal
 */
export const highWaterMark = 65_536

const empty = Buffer.alloc(0)

/** How long a body may keep its connection without an event. @internal */
export interface BodyLimits {
  /** Between two pieces, while somebody waits for the next. */
  readonly idle: TimeoutList
  /** Until somebody asks for the body. */
  readonly unread: TimeoutList
}

/** The longest pause that the reader of a body allows, if it says so. @internal */
export const idleLimitOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): TimeoutList | undefined => {
  const timeout = Context.get(fiber.currentContext, BodyTimeout)
  return timeout === undefined ? undefined : new TimeoutList(Duration.toMillis(timeout))
}

/** @internal */
export const stalled = (): Failure => new Failure({ reason: "Stalled" })

/** @internal */
export class ResponseBody extends TimeoutEntry {
  /** Until the body has ended. */
  #controller: Undici.Dispatcher.DispatchController | undefined
  readonly #limits: BodyLimits
  #chunk: Buffer | undefined
  /** What came after the first chunk. Few bodies have more, so that few have an array: see `exchange` in `request.ts`. */
  #more: Array<Buffer> | undefined
  #size = 0
  #state: "open" | "complete" | "failed" = "open"
  #error: unknown
  #isCollected = false
  #isStreamed = false
  #listeners: Array<() => void> | undefined

  constructor(controller: Undici.Dispatcher.DispatchController, limits: BodyLimits) {
    super()
    this.#controller = controller
    this.#limits = limits
  }

  push(chunk: Buffer): void {
    if (this.#chunk === undefined) this.#chunk = chunk
    else {
      this.#more ??= []
      this.#more.push(chunk)
    }
    this.#size += chunk.byteLength
    if (!this.#isCollected && this.isFull) this.#controller?.pause()
    this.#notify()
  }

  end(): void {
    this.#settle("complete")
  }

  fail(error: unknown): void {
    if (this.#state !== "open") return
    this.#error = error
    this.#settle("failed")
  }

  /** Ends the connection, unless the body has arrived completely. */
  abort(): void {
    this.#controller?.abort(new Error("The response body was not read to its end."))
  }

  /** From now on the body has to be asked for in time. */
  handOver(): void {
    if (this.#state === "open") this.#limits.unread.add(this)
  }

  override onTimeout(): void {
    const error =
      this.#listeners === undefined
        ? new Failure({ reason: "ConnectionLost", code: "BODY_NOT_READ" })
        : stalled()
    const controller = this.#controller
    this.fail(error)
    controller?.abort(error)
  }

  /** Whether the buffer holds as much as it takes before somebody reads the body. */
  get isFull(): boolean {
    return this.#size >= highWaterMark
  }

  /** Whether the complete body is in the buffer. */
  get isComplete(): boolean {
    return this.#state === "complete" && !this.#isStreamed
  }

  /** The error that ended the body early. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#state === "failed" ? { error: this.#error } : undefined
  }

  /** Why the body cannot be read as a whole. */
  get unreadable(): { readonly error: unknown } | undefined {
    return this.#isStreamed ? { error: new Error("The body was already read as a stream.") } : this.failure
  }

  /** The body, once it is complete. */
  get bytes(): Buffer {
    if (this.#more !== undefined) {
      this.#chunk = Buffer.concat(this.#chunks, this.#size)
      this.#more = undefined
    }
    return this.#chunk ?? empty
  }

  /** From now on the buffer grows until the body is complete. */
  collect(): void {
    this.#isCollected = true
    this.#controller?.resume()
  }

  /** Takes the chunks out of the buffer; undefined when no more will come. */
  take(): ReadonlyArray<Uint8Array> | undefined {
    this.#isStreamed = true
    this.#limits.unread.remove(this)
    const chunks = this.#chunks
    if (chunks.length === 0 && this.#state === "complete") return undefined
    this.#chunk = undefined
    this.#more = undefined
    this.#size = 0
    if (chunks.length > 0) this.#controller?.resume()
    return chunks
  }

  /** Calls the listener once: at the next chunk, at the end, or at a failure, which comes within the time limit. */
  onChange(listener: () => void, idle: TimeoutList | undefined): void {
    this.#listeners ??= []
    this.#listeners.push(listener)
    const limit = idle ?? this.#limits.idle
    limit.add(this)
  }

  get #chunks(): ReadonlyArray<Buffer> {
    return this.#chunk === undefined ? [] : [this.#chunk, ...(this.#more ?? [])]
  }

  #settle(state: "complete" | "failed"): void {
    this.#state = state
    this.#controller = undefined
    this.list?.remove(this)
    this.#notify()
  }

  #notify(): void {
    const listeners = this.#listeners
    if (listeners === undefined) return
    this.#listeners = undefined
    this.list?.remove(this)
    for (const listener of listeners) listener()
  }
}

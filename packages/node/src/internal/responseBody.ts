/** The body of a response while it arrives. */
import type * as Undici from "undici"

/** Bytes in the buffer at which reading from the connection pauses until somebody reads the body. */
const highWaterMark = 65_536

const empty = Buffer.alloc(0)

/** @internal */
export class ResponseBody {
  readonly #controller: Undici.Dispatcher.DispatchController
  #chunks: Array<Buffer> = []
  #size = 0
  #state: "open" | "complete" | "failed" = "open"
  #error: unknown
  #isCollected = false
  #isStreamed = false
  #listeners: Array<() => void> | undefined

  constructor(controller: Undici.Dispatcher.DispatchController) {
    this.#controller = controller
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.byteLength
    if (!this.#isCollected && this.#size >= highWaterMark) this.#controller.pause()
    this.#notify()
  }

  end(): void {
    this.#state = "complete"
    this.#notify()
  }

  fail(error: unknown): void {
    this.#state = "failed"
    this.#error = error
    this.#notify()
  }

  /** Ends the connection, unless the body has arrived completely. */
  abort(): void {
    if (this.#state === "open")
      this.#controller.abort(new Error("The response body was not read to its end."))
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
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#size)]
    return this.#chunks[0] ?? empty
  }

  /** From now on the buffer grows until the body is complete. */
  collect(): void {
    this.#isCollected = true
    this.#controller.resume()
  }

  /** Takes the chunks out of the buffer; undefined when no more will come. */
  take(): ReadonlyArray<Uint8Array> | undefined {
    this.#isStreamed = true
    const chunks = this.#chunks
    if (chunks.length === 0 && this.#state === "complete") return undefined
    this.#chunks = []
    this.#size = 0
    if (chunks.length > 0 && this.#state === "open") this.#controller.resume()
    return chunks
  }

  /** Calls the listener once: at the next chunk, at the end, or at a failure. */
  onChange(listener: () => void): void {
    this.#listeners ??= []
    this.#listeners.push(listener)
  }

  #notify(): void {
    const listeners = this.#listeners
    if (listeners === undefined) return
    this.#listeners = undefined
    for (const listener of listeners) listener()
  }
}

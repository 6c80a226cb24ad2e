/** The body of an answer while it arrives. */
import type * as Undici from "undici"

/** In bytes: beyond it a body that nobody collects is not read any further from its connection. */
const highWaterMark = 65_536

const empty = Buffer.alloc(0)

/** @internal */
export class Incoming {
  readonly #controller: Undici.Dispatcher.DispatchController
  #chunks: Array<Buffer> = []
  #size = 0
  #state: "open" | "whole" | "broken" = "open"
  #error: unknown
  #collecting = false
  #taken = false
  #waiting: Array<() => void> | undefined

  constructor(controller: Undici.Dispatcher.DispatchController) {
    this.#controller = controller
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.byteLength
    if (!this.#collecting && this.#size >= highWaterMark) this.#controller.pause()
    this.#wake()
  }

  end(): void {
    this.#state = "whole"
    this.#wake()
  }

  break(error: unknown): void {
    this.#state = "broken"
    this.#error = error
    this.#wake()
  }

  /** Ends the connection, unless the body is here already. */
  abandon(): void {
    if (this.#state === "open") this.#controller.abort(new Error("The answer is not read any further."))
  }

  /** Whether it is all here. */
  get isWhole(): boolean {
    return this.#state === "whole" && !this.#taken
  }

  /** What broke it. */
  get broken(): { readonly error: unknown } | undefined {
    return this.#state === "broken" ? { error: this.#error } : undefined
  }

  /** Why it cannot be had as a whole. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#taken ? { error: new Error("The body was read as a stream already.") } : this.broken
  }

  /** All of it, once it is whole. */
  get bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#size)]
    return this.#chunks[0] ?? empty
  }

  /** From now on it is read without end. */
  collect(): void {
    this.#collecting = true
    this.#controller.resume()
  }

  /** The pieces that are here; undefined when there will be no more. */
  take(): ReadonlyArray<Uint8Array> | undefined {
    this.#taken = true
    const chunks = this.#chunks
    if (chunks.length === 0 && this.#state === "whole") return undefined
    this.#chunks = []
    this.#size = 0
    if (chunks.length > 0 && this.#state === "open") this.#controller.resume()
    return chunks
  }

  /** Calls back at the next piece, at the end, or when it breaks. */
  wait(callback: () => void): void {
    this.#waiting ??= []
    this.#waiting.push(callback)
  }

  #wake(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    for (const callback of waiting) callback()
  }
}

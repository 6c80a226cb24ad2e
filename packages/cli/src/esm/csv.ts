/** A report in CSV, written as it comes. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { UnexpectedResponse } from "effect-adobe-pass/AdobePassError"
import type { Device } from "effect-adobe-pass/Device"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import * as Output from "../Output.js"
import { ask } from "./ask.js"
import type { ReportRequest } from "./reportRequest.js"

const quote = 0x22
const lineFeed = 0x0a

/** Counts the rows of a CSV by its bytes; a line feed in quotes ends none. */
export class RowCount {
  #rows = 0
  #isQuoted = false
  #isOpen = false

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === quote) this.#isQuoted = !this.#isQuoted
      const ends = byte === lineFeed && !this.#isQuoted
      if (ends) this.#rows += 1
      this.#isOpen = !ends
    }
  }

  /** Without the head. */
  get records(): number {
    return Math.max(0, this.#rows + (this.#isOpen ? 1 : 0) - 1)
  }
}

/** For a terminal: text without characters that it obeys. */
const plain = (text: string): string => text.replace(/(?![\r\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\uFFFD")

/** Writes it, and returns the number of records and the name of the file that Adobe Pass suggests. */
export const written = (request: ReportRequest, device: Device) =>
  Effect.gen(function* () {
    const response = yield* ask(request, "csv", device)
    if (response.headers["content-type"]?.includes("html") === true) {
      return yield* new UnexpectedResponse({
        operation: "call",
        status: response.status,
        reason: "Html",
        issues: []
      })
    }
    const { stdout } = yield* Output.Output
    const count = new RowCount()
    const decoder = new TextDecoder()
    yield* ProtectedClient.readBody(({ stream }) =>
      Stream.runForEach(stream, (bytes) => {
        count.add(bytes)
        return stdout.write(stdout.isTerminal ? plain(decoder.decode(bytes, { stream: true })) : bytes)
      })
    )(response)
    return { records: count.records, file: response.headers["content-disposition"] ?? "" }
  })

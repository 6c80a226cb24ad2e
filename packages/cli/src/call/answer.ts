/** How `adobe-pass call` writes an answer. */
import { STATUS_CODES } from "node:http"
import * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import * as Output from "../Output.js"

type Response = HttpClientResponse.HttpClientResponse

/** The status line and the headers, as `curl --include` writes them. */
export const head = ({ headers, status }: Response): string =>
  [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`.trimEnd(),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    ""
  ].join("\n")

/** The body as it comes; the server waits while the reader is slow. In a terminal the prompt gets a line of its own. */
const toOutput = (response: Response) =>
  Effect.gen(function* () {
    const { stdout } = yield* Output.Output
    let last: number | undefined
    const copy = ProtectedClient.readBody(({ stream }) =>
      Stream.runForEach(stream, (bytes) => {
        last = bytes.at(-1) ?? last
        return stdout.write(bytes)
      })
    )
    yield* copy(response)
    if (stdout.isTerminal && last !== undefined && last !== 0x0a) yield* stdout.write("\n")
  })

const toFile = (response: Response, file: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    ProtectedClient.readBody(({ stream }) => Stream.run(stream, fs.sink(file)))(response)
  )

/** Writes the body of a success, to a file where one is given. */
export const writeBody = (response: Response, file: string | undefined) =>
  file === undefined ? toOutput(response) : toFile(response, file)

/** Writes the body of a refusal, which is in memory, and returns it. */
export const writeRefusal = (response: Response) =>
  Effect.gen(function* () {
    const { stdout } = yield* Output.Output
    const text = yield* ProtectedClient.readBody((answer: Response) => answer.text)(response)
    if (text !== "") yield* stdout.write(stdout.isTerminal && !text.endsWith("\n") ? `${text}\n` : text)
    return text
  })

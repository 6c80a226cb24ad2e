/** Asks a gateway that runs for its status. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { CommandFailed, ExitCode, misconfigured, usage } from "../ExitCode.js"
import * as Status from "./status.js"

const decode = Schema.decodeUnknown(Schema.parseJson(Status.Status))

const unavailable = (message: string): CommandFailed =>
  new CommandFailed({ exitCode: ExitCode.unavailable, message })

/** A gateway answers within milliseconds. */
const limit = "10 seconds"

/** A status is a few kilobytes. */
const longest = 1_048_576

/** The text of a body; undefined when it is longer than any status. */
const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string | undefined> => {
  const chunks: Array<Uint8Array> = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > longest) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const refusal = (status: number, origin: string): CommandFailed => {
  switch (status) {
    case 401:
      return misconfigured(`The gateway at ${origin} asks for its shared key: name its file with --key-file.`)
    case 403:
      return misconfigured(
        `The gateway at ${origin} does not allow this address: start it with --allow for it.`
      )
    case 421:
      return misconfigured(
        `The gateway does not go by the name ${origin}: start it with --allow-host for it.`
      )
    default:
      return unavailable(`${origin} answered with status ${status}: check that a gateway listens there.`)
  }
}

const get = (origin: string, key: Redacted.Redacted<string> | undefined) =>
  Effect.tryPromise({
    try: async (signal) => {
      const headers = key === undefined ? {} : { "x-gateway-key": Redacted.value(key) }
      const response = await fetch(`${origin}/status`, { headers, redirect: "manual", signal })
      const { body, status } = response
      if (status !== 200) await body?.cancel()
      return { status, body: status === 200 && body !== null ? await textOf(body) : "" }
    },
    catch: () => unavailable(`No gateway answers at ${origin}: start one, or name it with --url.`)
  }).pipe(
    Effect.timeoutFail({
      duration: limit,
      onTimeout: () => unavailable(`The gateway at ${origin} did not answer within ${limit}.`)
    })
  )

/** The status of the gateway at an address. */
export const statusOf = (
  url: string,
  key: Redacted.Redacted<string> | undefined
): Effect.Effect<Status.Status, CommandFailed> =>
  Effect.gen(function* () {
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
      return yield* usage("--url must be the address of a gateway, such as http://127.0.0.1:8080.")
    }
    const { origin } = new URL(url)
    const { body, status } = yield* get(origin, key)
    if (status !== 200) return yield* refusal(status, origin)
    return yield* Effect.mapError(decode(body), () =>
      unavailable(`${origin} is not a gateway, or one of another version.`)
    )
  })

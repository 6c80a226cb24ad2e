import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Effect } from "effect"

type Route = "register" | "token" | "call"

/** What the stand-in does with a request. */
export type Reply =
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | null
    }
  | { readonly broken: string; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly endless: string
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly fails: (request: HttpClientRequest.HttpClientRequest) => HttpClientError.HttpClientError }
  | "hangs"

/** The reply to the nth request of a route, counted from 1. */
export type Replies = { readonly [R in Route]: (n: number) => Reply }

export const json = (status: number, value: unknown): Reply => ({
  status,
  headers: { "content-type": "application/json;charset=UTF-8" },
  body: JSON.stringify(value)
})

/** A transport error whose cause and description hold this text. */
export const transportFailure =
  (text: string, code = "ECONNRESET") =>
  (request: HttpClientRequest.HttpClientRequest) =>
    new HttpClientError.RequestError({
      request,
      reason: "Transport",
      description: text,
      cause: Object.assign(new Error(text), { code, headers: text })
    })

const bodyOf = (request: HttpClientRequest.HttpClientRequest): string =>
  request.body._tag === "Uint8Array"
    ? new TextDecoder().decode(request.body.body)
    : request.body._tag === "Raw"
      ? String(request.body.body)
      : ""

const breaking = (text: string): ReadableStream<Uint8Array> => {
  let sent = false
  return new ReadableStream({
    pull(controller) {
      if (sent)
        return controller.error(Object.assign(new Error(`broken after ${text}`), { code: "ECONNRESET" }))
      sent = true
      controller.enqueue(new TextEncoder().encode(text))
    }
  })
}

/** A body that repeats a text until its reader ends the connection, and how far it got. */
const repeating = (text: string) => {
  const chunk = new TextEncoder().encode(text)
  const progress = { bytes: 0, isEnded: false }
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      progress.bytes += chunk.byteLength
      controller.enqueue(chunk)
    },
    cancel() {
      progress.isEnded = true
    }
  })
  return { body, progress }
}

/** A server whose every answer is in the hands of a test, as an `HttpClient`; it keeps all text that passes. */
export const standIn = (replies: Replies) => {
  const received: Array<string> = []
  const answered: Array<string> = []
  const counts = { register: 0, token: 0, call: 0 }
  const endless: Array<{ readonly bytes: number; readonly isEnded: boolean }> = []
  const bodyOfReply = (reply: Exclude<Reply, "hangs" | { fails: unknown }>) => {
    if ("broken" in reply) return breaking(reply.broken)
    if (!("endless" in reply)) return reply.body === undefined ? "" : reply.body
    const { body, progress } = repeating(reply.endless)
    endless.push(progress)
    return body
  }
  const client = HttpClient.make(
    (request, url): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> =>
      Effect.suspend(() => {
        const route =
          url.pathname === "/o/client/register"
            ? "register"
            : url.pathname === "/o/client/token"
              ? "token"
              : "call"
        counts[route] += 1
        received.push(
          [
            request.method,
            url.href,
            ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`),
            bodyOf(request)
          ].join("\n")
        )
        const reply = replies[route](counts[route])
        if (reply === "hangs") return Effect.never
        if ("fails" in reply) {
          const error = reply.fails(request)
          answered.push(String(error.description))
          return Effect.fail(error)
        }
        const text =
          "broken" in reply ? reply.broken : "endless" in reply ? reply.endless : (reply.body ?? "")
        answered.push([...Object.values(reply.headers ?? {}), text].join("\n"))
        return Effect.succeed(
          HttpClientResponse.fromWeb(
            request,
            new Response(bodyOfReply(reply), {
              status: reply.status ?? 200,
              ...(reply.headers === undefined ? {} : { headers: reply.headers })
            })
          )
        )
      })
  )
  return { client, received, answered, counts, endless }
}

import * as Http from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Status from "effect-adobe-pass-cli/gateway/status"
import { statusOf } from "effect-adobe-pass-cli/gateway/statusOf"
import { plain } from "./support.js"

/** A server that answers everything with a body. */
const answering = (body: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<Http.Server>((resume) => {
        const server = Http.createServer((_, outgoing) => outgoing.end(body))
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close().closeAllConnections())
    ),
    (server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`
    }
  )

const good: Status.Status = {
  version: "0.1.0",
  environment: "release-staging",
  uptime_seconds: 60,
  shutting_down: false,
  in_flight: 0,
  sessions: 1,
  calls: 2,
  token_requests: 1,
  token_hit_ratio: 0.5,
  last_success_at: "2026-11-26T07:15:00.000Z",
  consecutive_failures: 0,
  throttle: { buckets: 1, held: 0 },
  incidents: []
}

describe("adobe-pass gateway status", () => {
  it.scopedLive("shows what a gateway says of itself", () =>
    Effect.gen(function* () {
      const url = yield* answering(JSON.stringify(good))
      const status = yield* statusOf(url, undefined)
      assert.deepStrictEqual(status, good)
      assert.match(Status.table(plain, status), /^last success +2026-11-26 07:15:00Z$/m)
    })
  )

  for (const [what, body] of [
    ["an HTML page", "<html></html>"],
    ["nothing", ""],
    ["a time that is none", JSON.stringify({ ...good, last_success_at: "yesterday" })],
    ["a number below zero", JSON.stringify({ ...good, uptime_seconds: -1 })],
    ["a number that JSON cannot hold", JSON.stringify(good).replace('"calls":2', '"calls":1e999')],
    ["a ratio above one", JSON.stringify({ ...good, token_hit_ratio: 66.7 })]
  ] as const) {
    it.scopedLive(`says that ${what} does not come from a gateway`, () =>
      Effect.gen(function* () {
        const url = yield* answering(body)
        const { message } = yield* Effect.flip(statusOf(url, undefined))
        assert.strictEqual(message, `${url} is not a gateway, or one of another version.`)
      })
    )
  }

  it("escapes what would move the cursor of a terminal", () => {
    const text = "a\u001b[2J\nb"
    const shown = Status.table(plain, {
      ...good,
      environment: text,
      version: text,
      incidents: [{ incident: text, message: text }]
    })
    assert.notInclude(shown, "\u001b")
    assert.lengthOf(shown.split("\n"), 10)
  })
})

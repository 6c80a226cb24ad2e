import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as Faults from "effect-adobe-pass-cli/emulate/faults"
import * as Request from "effect-adobe-pass-cli/emulate/request"
import { Fault, Traffic } from "effect-adobe-pass-emulator"
import { plain } from "./support.js"

describe("a fault of the command line", () => {
  it.each([
    ["api:503", { route: "api", fault: Fault.answer(503), probability: 1, times: Number.POSITIVE_INFINITY }],
    [
      "api:503@5%",
      { route: "api", fault: Fault.answer(503), probability: 0.05, times: Number.POSITIVE_INFINITY }
    ],
    [
      "token:429:7*3",
      {
        route: "token",
        fault: Fault.answer(429, { headers: { "retry-after": "7" } }),
        probability: 1,
        times: 3
      }
    ],
    ["register:delay:2000x2", { route: "register", fault: Fault.delay(2000), probability: 1, times: 2 }],
    [
      "api:latency:50:2000@12.5%*9",
      { route: "api", fault: Fault.latency({ median: 50, p99: 2000 }), probability: 0.125, times: 9 }
    ],
    [
      "token:reset-after*1",
      { route: "token", fault: Fault.reset("after-handling"), probability: 1, times: 1 }
    ],
    [
      "token:invalid_client*1",
      { route: "token", fault: Fault.oauthError("invalid_client"), probability: 1, times: 1 }
    ]
  ] as const)("%s is what it says", (text, expected) => {
    assert.deepStrictEqual(Either.getOrThrow(Faults.parse(text)), expected)
  })

  it.each([
    "",
    "api",
    "api:",
    "nowhere:503",
    "api:199",
    "api:600",
    "api:delay",
    "api:delay:1:2",
    "api:latency:50",
    "api:latency:2000:50",
    "api:hang:3",
    "api:explode",
    "api:503@0%",
    "api:503@101%",
    "api:503*0",
    "api:503:1:2"
  ])("%j is refused with an example", (text) => {
    const refused = Either.flip(Faults.parse(text)).pipe(Either.getOrThrow)
    assert.strictEqual(refused.exitCode, 2)
    assert.include(refused.message, "api:503")
  })
})

const logged = (path: string) =>
  new Traffic.LoggedRequest({
    at: 0,
    route: "api",
    method: "GET",
    path,
    query: "secret=query",
    headers: { authorization: "Bearer secret-header" },
    body: "secret-body",
    forwardedFor: undefined,
    outcome: "answered",
    status: 200
  })

describe("a request of the live view", () => {
  it.each([
    ["/api/v2/ACME/sessions/ABC1234", "/api/v2/ACME/sessions/…"],
    ["/api/v2/ACME/profiles/code/ABC1234", "/api/v2/ACME/profiles/code/…"],
    ["/api/v2/authenticate/ACME/ABC1234", "/api/v2/authenticate/ACME/…"],
    ["/api/v2/ACME/sessions/sso/Apple", "/api/v2/ACME/sessions/sso/Apple"],
    ["/api/v2/ACME/configuration", "/api/v2/ACME/configuration"],
    [`/o/client/token/${"x".repeat(40)}`, "/o/client/token/…"]
  ])("%s is shown without what is secret", (path, expected) => {
    const request = Request.shown(logged(path), 5)
    assert.strictEqual(request.path, expected)
    const written = Request.row(plain, Number.POSITIVE_INFINITY, request) + Request.json(request)
    assert.notMatch(written, /secret|ABC1234/)
  })

  it("takes a line that is never wider than the terminal", () => {
    const request = Request.shown(logged(`/api/v2/${"segment/".repeat(40)}`), 5)
    for (const columns of [1, 20, 40, 80, 120]) {
      assert.isAtMost(Request.row(plain, columns, request).length, columns)
    }
    assert.match(Request.row(plain, 80, request), /…$/)
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import { Environment, RegisteredApplication, SessionKey } from "effect-adobe-pass"
import { unsigned } from "../support/exchanges.js"
import { device } from "../support/system.js"

const problem = <A>(result: Either.Either<A, { readonly field: string; readonly message: string }>) =>
  Either.match(result, { onLeft: ({ field, message }) => [field, message], onRight: () => [] })

describe("Adobe's environments", () => {
  it("are four, each with its two hosts over https (J1)", () => {
    assert.deepStrictEqual(
      ["release-production", "release-staging", "prequal-production", "prequal-staging"].map((name) =>
        Either.getOrThrow(Environment.fromName(name))
      ),
      [
        {
          name: "release-production",
          sp: "https://sp.auth.adobe.com",
          mgmt: "https://mgmt.auth.adobe.com",
          aliases: ["https://api.auth.adobe.com"]
        },
        {
          name: "release-staging",
          sp: "https://sp.auth-staging.adobe.com",
          mgmt: "https://mgmt.auth-staging.adobe.com",
          aliases: ["https://api.auth-staging.adobe.com"]
        },
        {
          name: "prequal-production",
          sp: "https://sp-prequal.auth.adobe.com",
          mgmt: "https://mgmt-prequal.auth.adobe.com",
          aliases: []
        },
        {
          name: "prequal-staging",
          sp: "https://sp-prequal.auth-staging.adobe.com",
          mgmt: "https://mgmt-prequal.auth-staging.adobe.com",
          aliases: []
        }
      ]
    )
    assert.strictEqual(Object.keys(Environment.environments).length, 4)
  })

  it.each(["production", "", "RELEASE-STAGING", "toString", "__proto__"])(
    "do not include %j, and the error lists those that there are",
    (name) => {
      const [field, message] = problem(Environment.fromName(name))
      assert.strictEqual(field, "environment")
      for (const known of Object.keys(Environment.environments)) assert.include(message, known)
    }
  )
})

describe("an environment of one's own", () => {
  it.each([
    ["https://sp.example.com", "https://sp.example.com"],
    ["https://sp.example.com/", "https://sp.example.com"],
    ["https://SP.example.com:443", "https://sp.example.com"],
    ["https://sp.example.com:8443", "https://sp.example.com:8443"],
    ["http://localhost:8787", "http://localhost:8787"],
    ["http://LOCALHOST", "http://localhost"],
    ["http://127.0.0.1:8787", "http://127.0.0.1:8787"],
    ["http://127.8.9.10", "http://127.8.9.10"],
    ["http://[::1]:8787", "http://[::1]:8787"]
  ])("may be at %s (J1)", (sp, expected) => {
    assert.deepStrictEqual(
      Environment.custom({ name: "own", sp }),
      Either.right({ name: "own", sp: expected, mgmt: expected, aliases: [] })
    )
  })

  it("may be given as URL objects, with a management host", () => {
    assert.deepStrictEqual(
      Environment.custom({
        name: "own",
        sp: new URL("https://sp.example.com"),
        mgmt: new URL("https://mgmt.example.com")
      }),
      Either.right({
        name: "own",
        sp: "https://sp.example.com",
        mgmt: "https://mgmt.example.com",
        aliases: []
      })
    )
  })

  const refused: ReadonlyArray<readonly [string, string]> = [
    ["http://sp.example.com", "must be an https URL"],
    ["http://127.0.0.1.example.com", "must be an https URL"],
    ["http://localhost.example.com", "must be an https URL"],
    ["http://128.0.0.1", "must be an https URL"],
    ["http://0.0.0.0", "must be an https URL"],
    ["http://[::2]", "must be an https URL"],
    ["ftp://sp.example.com", "must be an https URL"],
    ["file:///etc/passwd", "must be an https URL"],
    ["javascript:alert(1)", "must be an https URL"],
    ["https://user@sp.example.com", "user name or password"],
    ["https://:word@sp.example.com", "user name or password"],
    ["https://sp.example.com/api", "without path"],
    ["https://sp.example.com/?a=b", "without path"],
    ["https://sp.example.com/#a", "without path"],
    ["sp.example.com", "is not an absolute URL"],
    ["//sp.example.com", "is not an absolute URL"],
    ["", "is not an absolute URL"]
  ]
  it.each(refused)("may not be at %s: %s (J9)", (url, expected) => {
    const [field, message] = problem(Environment.custom({ name: "own", sp: url }))
    assert.strictEqual(field, "environment.sp")
    assert.include(message, expected)
    const [other] = problem(Environment.custom({ name: "own", sp: "https://sp.example.com", mgmt: url }))
    assert.strictEqual(other, "environment.mgmt")
  })

  it.each(["", " ", "a b", "a/b", "ä", "a".repeat(65), "release-staging"])("may not be called %j", (name) => {
    assert.strictEqual(
      problem(Environment.custom({ name, sp: "https://sp.example.com" }))[0],
      "environment.name"
    )
  })
})

describe("an alias of a host", () => {
  const production = Environment.environments["release-production"]

  it("is added to those that there are, in its canonical form", () => {
    assert.deepStrictEqual(
      Environment.withAliases(production, ["https://API.example.com:443/", "https://api.auth.adobe.com"]),
      Either.right({ ...production, aliases: ["https://api.auth.adobe.com", "https://api.example.com"] })
    )
  })

  it.each(["http://api.example.com", "https://user@api.example.com", "https://api.example.com/api", "api"])(
    "may not be %s (J9)",
    (alias) => {
      assert.strictEqual(problem(Environment.withAliases(production, [alias]))[0], "environment.aliases")
    }
  )

  it.effect("is kept by an application in one of Adobe's environments, and does not change its keys", () =>
    Effect.gen(function* () {
      const softwareStatement = Redacted.make(unsigned({ sub: "an-application" }))
      const aliased = yield* Environment.withAliases(production, ["https://api.example.com"])
      const application = yield* RegisteredApplication.make({ environment: aliased, softwareStatement })
      assert.include(application.environment.aliases, "https://api.example.com")
      const plain = yield* RegisteredApplication.make({
        environment: "release-production",
        softwareStatement
      })
      assert.strictEqual(
        yield* SessionKey.make(application, device()),
        yield* SessionKey.make(plain, device())
      )
    })
  )
})

describe("a registered application", () => {
  const softwareStatement = Redacted.make(unsigned({ sub: "an-application" }))
  const make = (environment: RegisteredApplication.ApplicationOptions["environment"]) =>
    RegisteredApplication.make({ environment, softwareStatement })

  it.effect("accepts an environment by its name and as a value", () =>
    Effect.gen(function* () {
      const staging = Environment.environments["release-staging"]
      assert.deepStrictEqual((yield* make("release-staging")).environment, staging)
      assert.deepStrictEqual((yield* make(staging)).environment, staging)
    })
  )

  const handmade: ReadonlyArray<readonly [string, Environment.Environment]> = [
    [
      "plain http",
      { name: "own", sp: "http://sp.example.com", mgmt: "https://mgmt.example.com", aliases: [] }
    ],
    [
      "plain http",
      { name: "own", sp: "https://sp.example.com", mgmt: "http://mgmt.example.com", aliases: [] }
    ],
    [
      "a path",
      { name: "own", sp: "https://sp.example.com/api", mgmt: "https://mgmt.example.com", aliases: [] }
    ],
    [
      "the name of one of Adobe's and another host",
      {
        name: "release-production",
        sp: "https://sp.example.com",
        mgmt: "https://mgmt.example.com",
        aliases: []
      }
    ]
  ]
  it.effect.each(handmade)(
    "refuses an environment that was written by hand with %s (J9)",
    ([, environment]) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(make(environment))
        assert.match(error.field, /^environment\./)
      })
  )

  it.effect("normalises an environment that was written by hand", () =>
    Effect.gen(function* () {
      const { environment } = yield* make({
        name: "own",
        sp: "https://SP.example.com/",
        mgmt: "https://sp.example.com:443",
        aliases: ["https://API.example.com/"]
      })
      assert.deepStrictEqual(environment, {
        name: "own",
        sp: "https://sp.example.com",
        mgmt: "https://sp.example.com",
        aliases: ["https://api.example.com"]
      })
    })
  )

  it.effect("refuses a redirect URI that is none, and a user agent that no header may have", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<readonly [string, Partial<RegisteredApplication.ApplicationOptions>]> = [
        ["redirectUri", { redirectUri: "done" }],
        ["redirectUri", { redirectUri: "" }],
        ["userAgent", { userAgent: "" }],
        ["userAgent", { userAgent: "a\r\nx-injected: 1" }],
        ["userAgent", { userAgent: "ä" }]
      ]
      for (const [field, options] of wrong) {
        const error = yield* Effect.flip(
          RegisteredApplication.make({ environment: "release-staging", softwareStatement, ...options })
        )
        assert.strictEqual(error.field, field)
      }
      const { redirectUri, userAgent } = yield* RegisteredApplication.make({
        environment: "release-staging",
        softwareStatement,
        redirectUri: "adobepass://com.programmer"
      })
      assert.deepStrictEqual([redirectUri, userAgent], ["adobepass://com.programmer", "effect-adobe-pass"])
    })
  )
})

import { readFileSync } from "node:fs"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import {
  AdobePassError,
  type CurrentDevice,
  type CurrentInstance,
  EnhancedError,
  ProtectedClient
} from "effect-adobe-pass"
import { against, token } from "../support/against.js"
import { json } from "../support/standIn.js"
import { device } from "../support/system.js"

const path = "/api/v2/ACME/decisions/preauthorize/NorthCable"

const itemError = (error: EnhancedError.EnhancedError) =>
  Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.itemError(error))

const Entry = Schema.Struct({ action: Schema.String, code: Schema.String, status: Schema.Number })
const catalogue = Schema.decodeUnknownSync(
  Schema.parseJson(
    Schema.Struct({ v2: Schema.Array(Entry), v1: Schema.Array(Entry), historical: Schema.Array(Entry) })
  )
)(readFileSync(new URL("./fixtures/enhanced-errors.json", import.meta.url), "utf8"))

const documented = [...catalogue.v2, ...catalogue.v1, ...catalogue.historical]

const tags: Readonly<Record<string, AdobePassError.CallRefused["_tag"]>> = {
  configuration: "ConfigurationRequired",
  "application-registration": "ApplicationRegistrationRequired",
  authentication: "AuthenticationRequired",
  authorization: "AuthorizationRequired",
  retry: "TemporaryFailure",
  "retry-after": "TemporaryFailure"
}

describe("the error of one item of a successful answer", () => {
  it.effect("has the class that its action asks for, whatever its code and status (H1, H2)", () =>
    Effect.gen(function* () {
      const { result } = yield* against({}, Effect.forEach(documented, itemError))
      assert.deepStrictEqual(
        result.map(({ _tag, action, attempts, code, status }) => ({ _tag, action, attempts, code, status })),
        documented.map((entry) => ({ _tag: tags[entry.action] ?? "RequestRejected", attempts: 1, ...entry }))
      )
      for (const error of result) assert.isTrue(Schema.is(AdobePassError.CallRefused)(error))
    })
  )

  it.effect("is the one that the whole answer would have become, wherever an action asks for something", () =>
    Effect.gen(function* () {
      const asking = new Map(
        documented
          .filter(({ action, status }) => tags[action] !== undefined && status !== 429)
          .map((entry) => [`${entry.action} ${entry.status}`, entry])
      )
      const fields = {
        message: "A sentence.",
        details: "From the MVPD.",
        helpUrl: "https://help.example/x",
        trace: "t-1"
      }
      for (const entry of asking.values()) {
        const error = { ...entry, ...fields }
        const { result } = yield* against(
          { call: () => json(entry.status, error) },
          Effect.all([
            Effect.flip(Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get(path))),
            itemError(error)
          ])
        )
        assert.deepStrictEqual({ ...result[1] }, { ...result[0] }, entry.code)
        assert.strictEqual(result[1]._tag, result[0]._tag)
      }
    })
  )

  it.effect("may be repeated when its action is retry, and for nothing else", () =>
    Effect.gen(function* () {
      const { result } = yield* against(
        {},
        Effect.forEach(
          [
            { action: "retry", status: 403 },
            { action: "none", status: 500 },
            { action: "none", status: 503 },
            { status: 429 },
            { action: "sing-a-song", status: 401 },
            { code: "brand_new_code" },
            {}
          ],
          itemError
        )
      )
      assert.deepStrictEqual(
        result.map(({ _tag, retryable, status }) => [_tag, retryable, status]),
        [
          ["TemporaryFailure", true, 403],
          ["RequestRejected", false, 500],
          ["RequestRejected", false, 503],
          ["RequestRejected", false, 429],
          ["RequestRejected", false, 401],
          ["RequestRejected", false, 200],
          ["RequestRejected", false, 200]
        ]
      )
    })
  )

  it.effect("is made without asking anybody", () =>
    Effect.gen(function* () {
      const { server } = yield* against({}, itemError({ action: "authentication" }))
      assert.deepStrictEqual(server.counts, { register: 0, token: 0, call: 0 })
    })
  )

  it.effect("has no secret of the one for whom the call was made (H10)", () =>
    Effect.gen(function* () {
      const secrets = [Redacted.value(device(1).id), Redacted.value(device(2).id), token, "an-id", "a-secret"]
      const decisions = [{ authorized: false, error: { code: "denied", details: secrets.join(" ") } }]
      const use = <R>(adobe: ProtectedClient.Calls<R>) =>
        Effect.flatMap(
          adobe.get(path),
          ProtectedClient.readBody(({ json }) => json)
        ).pipe(
          Effect.flatMap((answer) =>
            Effect.forEach(EnhancedError.items(answer), ({ error }) => adobe.itemError(error))
          ),
          Effect.map(([error]) => error?.details)
        )
      const { result } = yield* against(
        { call: () => json(200, { decisions }) },
        Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
          Effect.all([use(adobe), use(adobe.withoutDevice)])
        )
      )
      assert.deepStrictEqual(result, [
        "<redacted> device-2 <redacted> <redacted> <redacted>",
        "device-1 <redacted> <redacted> <redacted> <redacted>"
      ])
    })
  )

  it("asks for the device or the instance of the call, and cannot fail", () => {
    type Client = ProtectedClient.ProtectedClient
    type ItemError<R> = Effect.Effect<AdobePassError.CallRefused, never, R>
    expectTypeOf<ReturnType<Client["itemError"]>>().toEqualTypeOf<ItemError<CurrentDevice>>()
    expectTypeOf<ReturnType<Client["withoutDevice"]["itemError"]>>().toEqualTypeOf<
      ItemError<CurrentInstance>
    >()
    expectTypeOf<AdobePassError.CallRefused["_tag"]>().toEqualTypeOf<
      | "RequestRejected"
      | "ConfigurationRequired"
      | "ApplicationRegistrationRequired"
      | "AuthenticationRequired"
      | "AuthorizationRequired"
      | "TemporaryFailure"
    >()
  })
})

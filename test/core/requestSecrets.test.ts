import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ProtectedClient } from "effect-adobe-pass"
import { against } from "../support/against.js"
import { json } from "../support/standIn.js"

const email = "somebody@viewers.example"
const identity = Buffer.from(JSON.stringify({ email })).toString("base64")
const subject = "a-subject-token-of-the-platform"
const assertion = "PHNhbWxwOlJlc3BvbnNl".repeat(20)

const request = HttpClientRequest.post("/api/v2/ACME/profiles/sso/Apple").pipe(
  HttpClientRequest.setHeaders({ "ap-temppass-identity": identity, "adobe-subject-token": subject }),
  HttpClientRequest.bodyUrlParams({ SAMLResponse: assertion })
)

const message = `${email} ${identity} ${subject} ${assertion}`

describe("what a caller says of a person with a call", () => {
  it.effect("does not stand in the error of a refused call, though the server echoes it (H10)", () =>
    Effect.gen(function* () {
      const { result } = yield* against(
        { call: () => json(400, { action: "none", code: "invalid_header", status: 400, message }) },
        Effect.flip(Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.execute(request)))
      )
      assert.strictEqual(
        result._tag === "RequestRejected" && result.serverMessage,
        "<redacted> <redacted> <redacted> <redacted>"
      )
    })
  )

  it.effect("does not stand in the error of an item, when the request is given with it (H10)", () =>
    Effect.gen(function* () {
      const { result } = yield* against(
        {},
        Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.itemError({ message }, request))
      )
      assert.strictEqual(result.serverMessage, "<redacted> <redacted> <redacted> <redacted>")
    })
  )
})

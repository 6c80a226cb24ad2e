import type { HttpClientResponse } from "@effect/platform"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import {
  type AdobePass,
  AdobePassError,
  CurrentDevice,
  ProtectedClient,
  type Sessions
} from "effect-adobe-pass"
import { device } from "../support/system.js"

const path = "/api/v2/ACME/configuration"

/** The client, for its types alone: nothing here runs. */
const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get(path))
const rawCall = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.raw.get(path))

type SessionTag =
  | "InvalidRequest"
  | "InvalidRedirectUri"
  | "InvalidSoftwareStatement"
  | "UnapprovedSoftwareStatement"
  | "InvalidClient"
  | "UnauthorizedClient"
  | "UnsupportedGrantType"
  | "Throttled"
  | "ServiceUnavailable"
  | "TransportError"
  | "UnexpectedResponse"
  | "CredentialStoreError"

describe("the type of a protected call", () => {
  it("asks for a device: a call without one does not compile (G2)", () => {
    expectTypeOf(call).toEqualTypeOf<
      Effect.Effect<
        HttpClientResponse.HttpClientResponse,
        AdobePassError.ProtectedCallError,
        ProtectedClient.ProtectedClient | CurrentDevice
      >
    >()
    type WithoutDevice = Effect.Effect<unknown, unknown, ProtectedClient.ProtectedClient>
    expectTypeOf(call).not.toExtend<WithoutDevice>()
    expectTypeOf(Effect.provideService(call, CurrentDevice, device())).toExtend<WithoutDevice>()
    // @ts-expect-error a device made by hand is none
    Effect.provideService(CurrentDevice, { id: "device-1" })
    assert.isTrue(Effect.isEffect(call))
  })

  it("does not let the layer of the library provide a device: there is no default one (G2)", () => {
    expectTypeOf<Extract<AdobePass.Services, CurrentDevice>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Effect.Context<ReturnType<typeof withLibrary>>>().toEqualTypeOf<CurrentDevice>()
  })
  const withLibrary = (layer: Layer.Layer<AdobePass.Services>) => Effect.provide(call, layer)

  it("names exactly the errors that can happen", () => {
    expectTypeOf<Effect.Effect.Error<typeof call>["_tag"]>().toEqualTypeOf<
      | SessionTag
      | "ForeignOrigin"
      | "InvalidInput"
      | "RequestRejected"
      | "ConfigurationRequired"
      | "ApplicationRegistrationRequired"
      | "AccessTokenRejected"
      | "InsufficientScope"
      | "AuthenticationRequired"
      | "AuthorizationRequired"
      | "TemporaryFailure"
    >()
    expectTypeOf<Effect.Effect.Error<typeof rawCall>["_tag"]>().toEqualTypeOf<
      SessionTag | "ForeignOrigin" | "InvalidInput"
    >()
  })
})

describe("the type of a session", () => {
  it("names exactly the errors that can happen", () => {
    type Service = Sessions.Sessions
    expectTypeOf<
      Effect.Effect.Error<ReturnType<Service["accessToken"]>>["_tag"]
    >().toEqualTypeOf<SessionTag>()
    expectTypeOf<
      Effect.Effect.Error<ReturnType<Service["credentials"]>>["_tag"]
    >().toEqualTypeOf<SessionTag>()
    expectTypeOf<Effect.Effect.Error<ReturnType<Service["reject"]>>>().toEqualTypeOf<never>()
    expectTypeOf<
      Effect.Effect.Error<ReturnType<Service["forget"]>>["_tag"]
    >().toEqualTypeOf<"CredentialStoreError">()
  })
})

describe("an error of the library", () => {
  it("can be handled by its tag until none is left", () => {
    const handled = call.pipe(
      Effect.catchTags({
        AuthenticationRequired: () => Effect.succeed("log in"),
        AuthorizationRequired: () => Effect.succeed("authorize"),
        Throttled: (error) => {
          expectTypeOf(error.retryAfterMillis).toEqualTypeOf<number>()
          return Effect.succeed("wait")
        }
      })
    )
    expectTypeOf<
      Extract<
        Effect.Effect.Error<typeof handled>["_tag"],
        "AuthenticationRequired" | "AuthorizationRequired" | "Throttled"
      >
    >().toEqualTypeOf<never>()
  })

  it("says by its type whether a repetition can help", () => {
    expectTypeOf<AdobePassError.Throttled["retryable"]>().toEqualTypeOf<true>()
    expectTypeOf<AdobePassError.UnauthorizedClient["retryable"]>().toEqualTypeOf<false>()
    assert.isTrue(
      AdobePassError.isRetryable(
        new AdobePassError.Throttled({ operation: "call", retryAfterMillis: 1000, attempts: 1 })
      )
    )
  })
})

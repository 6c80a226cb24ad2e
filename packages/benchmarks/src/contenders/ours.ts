import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import { CurrentDevice } from "effect-adobe-pass/Device"
import * as Environment from "effect-adobe-pass/Environment"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import * as Sessions from "effect-adobe-pass/Sessions"
import * as NodeTransport from "effect-adobe-pass-node/NodeTransport"
import type { Contender, Outcomes, Target } from "../contender.js"
import { deviceOf } from "../target.js"
import { registerByFetch, tokenByFetch } from "./byHand.js"
import { versionOf } from "./version.js"

/** Calls made one after the other by so many fibers of the program. */
const calls = <R>(
  call: (path: string) => Effect.Effect<number, { readonly _tag: string }, R>,
  paths: ReadonlyArray<string>,
  concurrency: number
): Effect.Effect<Outcomes, never, R> =>
  Effect.suspend(() => {
    const outcomes: Record<string, number> = {}
    let next = 0
    const count = (outcome: string | number) => {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
    const one = Effect.suspend(() =>
      Effect.match(call(paths[next++] ?? ""), {
        onSuccess: count,
        onFailure: ({ _tag }) => count(_tag)
      })
    )
    const fiber = Effect.whileLoop({ while: () => next < paths.length, body: () => one, step: () => {} })
    return Effect.as(
      Effect.all(
        Array.from({ length: Math.min(concurrency, paths.length) }, () => fiber),
        { concurrency: "unbounded", discard: true }
      ),
      outcomes
    )
  })

/** What is different from the library as it comes. */
export interface Variant {
  readonly name?: string
  readonly transport?: Layer.Layer<HttpClient.HttpClient, unknown>
  readonly store?: Layer.Layer<CredentialStore.CredentialStore, unknown>
  /** Where the service does not throttle, and is not what is measured. */
  readonly unthrottled?: boolean
  /** Whether the device is given to each call, and not once around all. */
  readonly devicePerCall?: boolean
  readonly maxWait?: Duration.DurationInput
  /** Whether all clients share the library, which then is never closed: devices come to a service that runs. */
  readonly service?: boolean
}

/** The library as a service has it: made once, for all devices. */
const serviceOf = async (variant: Variant, { baseUrl, softwareStatement }: Target) => {
  const environment = Either.getOrThrow(Environment.custom({ name: "benchmark", sp: baseUrl }))
  const runtime = ManagedRuntime.make(
    AdobePass.layer({
      environment,
      softwareStatement: Redacted.make(softwareStatement),
      throttle:
        variant.unthrottled === true ? { burst: 1_000_000_000 } : { maxWait: variant.maxWait ?? "1 minute" }
    }).pipe(
      Layer.provide([
        variant.transport ?? NodeTransport.layer(),
        variant.store ?? CredentialStore.layerMemory
      ])
    )
  )
  const services = await runtime.runPromise(
    Effect.all({ adobe: ProtectedClient.ProtectedClient, sessions: Sessions.Sessions })
  )
  return { ...services, runtime }
}

/** The library, for a program that is made of effects. */
export const ours = (variant: Variant = {}): Contender => {
  let running: ReturnType<typeof serviceOf> | undefined
  return {
    name: variant.name ?? "effect-adobe-pass",
    version: versionOf("effect-adobe-pass"),
    transport: "undici",
    byHand: [],
    open: async (target) => {
      if (variant.service === true) running ??= serviceOf(variant, target)
      const { adobe, runtime, sessions } = await (running ?? serviceOf(variant, target))
      const device = deviceOf(target)
      const forDevice = Effect.provideService(CurrentDevice, device)
      const get = (path: string) =>
        Effect.flatMap(adobe.get(path), (response) => Effect.as(response.text, response.status))
      const call = variant.devicePerCall === true ? (path: string) => forDevice(get(path)) : get
      return {
        call: (path) => runtime.runPromise(forDevice(get(path))),
        run: (paths, concurrency) => runtime.runPromise(forDevice(calls(call, paths, concurrency))),
        token: () =>
          runtime.runPromise(Effect.map(sessions.accessToken(device), ({ value }) => Redacted.value(value))),
        readTokens: (count) =>
          runtime.runPromise(
            Effect.suspend(() => {
              let left = count
              return Effect.whileLoop({
                while: () => left-- > 0,
                body: () => sessions.accessToken(device),
                step: () => {}
              })
            })
          ),
        close: async () => {
          if (running === undefined) await runtime.dispose()
        }
      }
    }
  }
}

/** The client of the platform with headers that do not change, and the token in them: no library at all. */
export const platformClient = (
  name: string,
  transport: Layer.Layer<HttpClient.HttpClient, unknown>
): Contender => ({
  name,
  version: versionOf("@effect/platform"),
  transport: "undici",
  byHand: ["registration", "token", "static headers"],
  open: async (target) => {
    const token = await tokenByFetch(target, await registerByFetch(target))
    const runtime = ManagedRuntime.make(Layer.merge(transport, Layer.setTracerEnabled(false)))
    const client = await runtime.runPromise(
      Effect.map(
        HttpClient.HttpClient,
        HttpClient.mapRequest(
          HttpClientRequest.setHeaders({
            "user-agent": "effect-adobe-pass",
            ...target.deviceHeaders,
            authorization: `Bearer ${token.value}`
          })
        )
      )
    )
    const call = (path: string) =>
      Effect.flatMap(client.get(target.baseUrl + path), (response) =>
        Effect.as(response.text, response.status)
      )
    return {
      call: (path) => runtime.runPromise(call(path)),
      run: (paths, concurrency) => runtime.runPromise(calls(call, paths, concurrency)),
      token: undefined,
      close: () => runtime.dispose()
    }
  }
})

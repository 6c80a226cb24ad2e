import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Scheduler from "effect/Scheduler"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import { CurrentDevice } from "effect-adobe-pass/Device"
import * as Environment from "effect-adobe-pass/Environment"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import * as StoreBackend from "effect-adobe-pass/StoreBackend"
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

/** Turns of the fibers' run loops for a call, without those of the loop around it. */
const steps = <R>(
  call: (path: string) => Effect.Effect<number, { readonly _tag: string }, R>,
  path: string
): Effect.Effect<number, never, R> => {
  let turns = 0
  const { defaultScheduler } = Scheduler
  const counting: Scheduler.Scheduler = {
    shouldYield: (fiber) => {
      turns += 1
      return defaultScheduler.shouldYield(fiber)
    },
    scheduleTask: (task, priority, fiber) => defaultScheduler.scheduleTask(task, priority, fiber)
  }
  const counted = (one: typeof call) =>
    Effect.suspend(() => {
      turns = 0
      return Effect.map(calls(one, [path], 1), () => turns)
    }).pipe(Effect.withScheduler(counting))
  return Effect.zipWith(
    counted(call),
    counted(() => Effect.succeed(200)),
    (whole, loop) => whole - loop
  )
}

/** What is different from the library as it comes. */
export interface Variant {
  readonly name?: string
  readonly throttle: Exclude<AdobePass.AdobePassOptions["throttle"], undefined>
}

/** A store in memory that counts what it is asked for. */
const countedStore = (count: () => void) =>
  Layer.scoped(
    CredentialStore.CredentialStore,
    Effect.flatMap(StoreBackend.memory, (memory) => {
      const counted =
        <A extends ReadonlyArray<unknown>, B>(operation: (...args: A) => B) =>
        (...args: A): B => {
          count()
          return operation(...args)
        }
      return CredentialStore.make({
        ...memory,
        read: counted(memory.read),
        compareAndSet: counted(memory.compareAndSet),
        remove: counted(memory.remove),
        lock: counted(memory.lock)
      })
    })
  )

/** The library as a service has it: made once, for all devices. */
const serviceOf = async ({ throttle }: Variant, { baseUrl, softwareStatement }: Target) => {
  const environment = Either.getOrThrow(Environment.custom({ name: "benchmark", sp: baseUrl }))
  let stored = 0
  const store = countedStore(() => {
    stored += 1
  })
  const runtime = ManagedRuntime.make(
    AdobePass.layer({ environment, softwareStatement: Redacted.make(softwareStatement), throttle }).pipe(
      Layer.provide([NodeTransport.layer(), store])
    )
  )
  const adobe = await runtime.runPromise(ProtectedClient.ProtectedClient)
  return { adobe, runtime, storeOperations: () => stored }
}

/** The library, for a program that is made of effects. Devices come to a service that runs, and is never closed. */
export const ours = (variant: Variant): Contender => {
  let running: ReturnType<typeof serviceOf> | undefined
  return {
    name: variant.name ?? "effect-adobe-pass",
    version: versionOf("effect-adobe-pass"),
    transport: "undici",
    open: async (target) => {
      running ??= serviceOf(variant, target)
      const { adobe, runtime, storeOperations } = await running
      const forDevice = Effect.provideService(CurrentDevice, deviceOf(target))
      const call = (path: string) =>
        Effect.flatMap(adobe.get(path), (response) => Effect.as(response.text, response.status))
      return {
        call: (path) => runtime.runPromise(forDevice(call(path))),
        run: (paths, concurrency) => runtime.runPromise(forDevice(calls(call, paths, concurrency))),
        steps: (path) => runtime.runPromise(forDevice(steps(call, path))),
        storeOperations,
        close: async () => {}
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
      steps: (path) => runtime.runPromise(steps(call, path))
    }
  }
})

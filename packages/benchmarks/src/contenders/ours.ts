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

type Call = (path: string) => Effect.Effect<number, { readonly _tag: string }, CurrentDevice>

/** A GET whose body is read as text. */
const get: Effect.Effect<Call, never, AdobePass.Services> = Effect.map(
  ProtectedClient.ProtectedClient,
  (adobe) => (path) =>
    Effect.flatMap(adobe.get(path), (response) => Effect.as(response.text, response.status))
)

/** What is different from the library as it comes. */
interface Variant {
  readonly throttle: AdobePass.AdobePassOptions["throttle"]
  /** @default a GET whose body is read as text */
  readonly call?: Effect.Effect<Call, never, AdobePass.Services>
  readonly store?: Layer.Layer<CredentialStore.CredentialStore, unknown>
}

/** The library as a service has it: made once, for all devices. */
const serviceOf = async (variant: Variant, { baseUrl, softwareStatement }: Target) => {
  const { store = CredentialStore.layerMemory, throttle } = variant
  const environment = Either.getOrThrow(Environment.custom({ name: "benchmark", sp: baseUrl }))
  const runtime = ManagedRuntime.make(
    AdobePass.layer({ environment, softwareStatement: Redacted.make(softwareStatement), throttle }).pipe(
      Layer.provide([NodeTransport.layer(), store])
    )
  )
  return { call: await runtime.runPromise(variant.call ?? get), runtime }
}

/** The library, for a program that is made of effects. Devices come to a service that runs, and is never closed. */
export const ours = (variant: Variant): Contender => {
  let running: ReturnType<typeof serviceOf> | undefined
  return {
    open: async (target) => {
      running ??= serviceOf(variant, target)
      const { call, runtime } = await running
      const forDevice = Effect.provideService(CurrentDevice, deviceOf(target))
      return {
        call: (path) => runtime.runPromise(forDevice(call(path))),
        run: (paths, concurrency) => runtime.runPromise(forDevice(calls(call, paths, concurrency))),
        steps: (path) => runtime.runPromise(forDevice(steps(call, path)))
      }
    }
  }
}

export const unthrottled = { burst: 1_000_000_000 }

/** Where the service does not throttle. */
export const contender = ours({ throttle: unthrottled })

/** Where it does. */
export const pacing = ours({ throttle: { maxWait: "1 minute" } })

/** On a store that counts what it is asked for. */
export const counted = (): Contender => {
  let operations = 0
  const counting =
    <Args extends ReadonlyArray<unknown>, A, E, R>(operation: (...args: Args) => Effect.Effect<A, E, R>) =>
    (...args: Args): Effect.Effect<A, E, R> =>
      Effect.suspend(() => {
        operations += 1
        return operation(...args)
      })
  const store = Layer.scoped(
    CredentialStore.CredentialStore,
    Effect.flatMap(StoreBackend.memory, (memory) =>
      CredentialStore.make({
        ...memory,
        read: counting(memory.read),
        compareAndSet: counting(memory.compareAndSet),
        remove: counting(memory.remove),
        lock: counting(memory.lock)
      })
    )
  )
  const { open } = ours({ throttle: unthrottled, store })
  return { open: async (target) => ({ ...(await open(target)), storeOperations: () => operations }) }
}

/** The client of the platform with headers that do not change, and the token in them: no library at all. */
export const staticHeaders: Contender = {
  open: async (target) => {
    const token = await tokenByFetch(target, await registerByFetch(target))
    const runtime = ManagedRuntime.make(Layer.merge(NodeTransport.layer(), Layer.setTracerEnabled(false)))
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
}

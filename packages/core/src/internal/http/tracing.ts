import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Tracer from "effect/Tracer"

/** The default tracer, whose spans are not collected. */
const defaultTracer = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** Whether spans are collected. */
const isTraced = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  fiber.currentTracer !== defaultTracer && fiber.getFiberRef(FiberRef.currentTracerEnabled)

/**
 * The span of a call, made only when a tracer is provided: it costs more than everything else that the library adds to a
 * call.
 */
export const withSpan = <A, E>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  method: string,
  call: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  isTraced(fiber)
    ? Effect.withSpan(call, "ProtectedClient.execute", {
        kind: "client",
        attributes: { "http.request.method": method }
      })
    : call

/** Work in a span of this name, made only when a tracer is provided. */
export const traced = <A, E, R>(name: string, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime<A, E, R>((fiber) => (isTraced(fiber) ? Effect.withSpan(work, name) : work))

import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Tracer from "effect/Tracer"

/** The tracer that is there when nobody provides one: what it makes goes nowhere. */
const unheard = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/**
 * Whether somebody looks at spans. One that nobody looks at costs more than all the rest that the library adds to a
 * call.
 *
 * @internal
 */
export const isTraced = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  fiber.currentTracer !== unheard && fiber.getFiberRef(FiberRef.currentTracerEnabled)

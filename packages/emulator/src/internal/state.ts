/**
 * The state of one emulator.
 *
 * Its classes are mutable and synchronous: JavaScript runs one fiber at a time, so each change is atomic.
 */
import * as Crypto from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { FaultQueue } from "./faultQueue.js"
import { Registry } from "./registry.js"
import { RequestLog } from "./requestLog.js"
import type { Settings } from "./settings.js"
import { Throttle } from "./throttle.js"

export interface State {
  readonly settings: Ref.Ref<Settings>
  readonly registry: Registry
  readonly throttle: Throttle
  readonly faults: FaultQueue
  readonly log: RequestLog
  readonly softwareStatement: string
}

export const make = (settings: Settings): Effect.Effect<State> =>
  Effect.gen(function* () {
    const { limit, logLimit, redirectDomains, scopes } = settings
    const registry = new Registry()
    return {
      settings: yield* Ref.make(settings),
      registry,
      throttle: new Throttle(limit),
      faults: new FaultQueue(),
      log: new RequestLog(logLimit),
      softwareStatement: registry.mintStatement(
        { id: Crypto.randomUUID(), scopes, redirectDomains },
        yield* Clock.currentTimeMillis
      )
    }
  })

/**
 * The state of one emulator.
 *
 * Its classes are mutable and synchronous: JavaScript runs one fiber at a time, so each change is atomic.
 */
import * as Crypto from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { World } from "../World.js"
import { CarriedFaults } from "./carriedFaults.js"
import { FaultQueue } from "./faultQueue.js"
import { Registry } from "./registry.js"
import { RequestLog } from "./requestLog.js"
import { RestV2State } from "./restV2/state.js"
import type { Settings } from "./settings.js"
import { Throttle } from "./throttle.js"

export interface State {
  readonly settings: Ref.Ref<Settings>
  readonly registry: Registry
  readonly throttle: Throttle
  readonly faults: FaultQueue
  readonly carriedFaults: CarriedFaults
  readonly log: RequestLog
  readonly restV2: RestV2State
  readonly softwareStatement: string
}

export const make = (settings: Settings, world: World): Effect.Effect<State> =>
  Effect.gen(function* () {
    const { limit, logLimit, onRequest, redirectDomains, scopes, subject } = settings
    const registry = new Registry()
    return {
      settings: yield* Ref.make(settings),
      registry,
      throttle: new Throttle(limit),
      faults: new FaultQueue(),
      carriedFaults: new CarriedFaults(),
      log: new RequestLog(logLimit, onRequest),
      restV2: new RestV2State(world),
      softwareStatement: registry.mintStatement(
        { id: subject ?? Crypto.randomUUID(), scopes, redirectDomains },
        yield* Clock.currentTimeMillis
      )
    }
  })

/** The contract of an endpoint: what it gets to answer a request. */
import type { ReceivedRequest } from "../Traffic.js"
import type { Answer } from "./answer.js"
import type { Registry } from "./registry.js"
import type { RestV2State } from "./restV2/state.js"
import type { Settings } from "./settings.js"

export interface Call {
  readonly registry: Registry
  readonly restV2: RestV2State
  readonly settings: Settings
  /** By the server's clock. */
  readonly nowMillis: number
  readonly request: ReceivedRequest
}

export type Endpoint = (call: Call) => Answer

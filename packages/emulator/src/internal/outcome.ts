/** The contract between the engine and its transports: a request in, an outcome out. */
import type * as Effect from "effect/Effect"
import type { ReceivedRequest } from "../Traffic.js"
import type { Answer } from "./answer.js"

export interface Answered {
  readonly _tag: "Answered"
  readonly answer: Answer
}

/** What the transport does with the connection. */
export type Outcome =
  | Answered
  | { readonly _tag: "Truncated"; readonly answer: Answer }
  | { readonly _tag: "Reset" }
  | { readonly _tag: "Refused" }

export type Handler = (request: ReceivedRequest) => Effect.Effect<Outcome>

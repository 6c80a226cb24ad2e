import type * as Duration from "effect/Duration"
import type * as Bucket from "../Bucket.js"
import type { LoggedRequest } from "../Traffic.js"

/** The options of an emulator with their defaults, and what a script can change later. */
export interface Settings {
  readonly limit: Bucket.Limit
  readonly logLimit: number
  readonly onRequest: (request: LoggedRequest) => void
  readonly scopes: ReadonlyArray<string>
  /** The id of the application of the emulator's own statement; a new one for each emulator when absent. */
  readonly subject: string | undefined
  readonly redirectDomains: ReadonlyArray<string> | undefined
  readonly deviceInfo: "strict" | "lenient"
  readonly issuedAtUnit: "s" | "ms"
  readonly restV2: "emulated" | "echo"
  readonly tokenTtl: Duration.Duration
  /** By client id, where one has a lifetime of its own. */
  readonly clientTtls: ReadonlyMap<string, Duration.Duration>
  /** How far the server's clock is ahead of Effect's; negative when it is behind. */
  readonly skewMillis: number
}

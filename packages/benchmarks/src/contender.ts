/** What is compared: a client of Adobe Pass, made with one library or another. */

/** The service as a client is told of it. */
export interface Target {
  /** Origin of `/o/client/*` and `/api/v2/*`. */
  readonly baseUrl: string
  readonly softwareStatement: string
  /** What each protected call of the device says besides its token. */
  readonly deviceHeaders: Readonly<Record<string, string>>
}

/** A client for one device: it has nothing when it is made, and registers when it is used first. */
export interface Client {
  /** GET of this path with a valid token, the whole body read; answers with the status, after whatever the library repeats. */
  readonly call: (path: string) => Promise<number>
  /** The access token, from memory if it is there; undefined where the library has no such thing. */
  readonly token: (() => Promise<string>) | undefined
  readonly close: () => Promise<void>
}

export interface Contender {
  /** As on npm. */
  readonly name: string
  readonly version: string
  /** What carries its calls. */
  readonly transport: "undici" | "fetch" | "node:http"
  /** What was written by hand because the library has none of it, or breaks on Adobe's answers; one short phrase each. */
  readonly byHand: ReadonlyArray<string>
  /** Why it cannot run against Adobe's own answers, not even with a shim. */
  readonly needsRfcAnswers?: string
  readonly open: (target: Target) => Promise<Client>
}

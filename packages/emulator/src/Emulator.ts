/**
 * Adobe Pass's registration and token endpoints, a protected area and the throttle in front of them, for tests and
 * desks: in process, or on a port.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Bucket from "./Bucket.js"
import type { Fault } from "./Fault.js"
import * as Control from "./internal/control.js"
import * as Engine from "./internal/engine.js"
import * as InProcess from "./internal/inProcess.js"
import * as NodeServer from "./internal/nodeServer.js"
import type { Counts, LoggedRequest, ReceivedRequest, Route } from "./Traffic.js"

/**
 * How the emulator starts. Every default is what Adobe does today.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Which reading of the published throttle applies; default `"refill"`. */
  readonly throttle?: Bucket.Model
  /** Requests beyond one per second; default 10. */
  readonly burst?: number
  /** Lifetime of access tokens, in whole seconds; default 6 hours. */
  readonly tokenTtl?: Duration.DurationInput
  /** Unit of `client_id_issued_at`: the reference shows seconds, the wire has milliseconds too; default `"s"`. */
  readonly issuedAtUnit?: "s" | "ms"
  /** `"lenient"` lets any `X-Device-Info` pass, Adobe's own broken sample included; default `"strict"`. */
  readonly deviceInfo?: "strict" | "lenient"
  /** Scopes of the ready software statement; default `["api:client:v2"]`. */
  readonly scopes?: ReadonlyArray<string>
  /** Hosts and custom schemes that the ready statement's redirect URIs may point to; default any. */
  readonly redirectDomains?: ReadonlyArray<string>
  /** How many requests the log keeps, the newest; default 10,000. */
  readonly logLimit?: number
}

/**
 * A software statement to mint.
 *
 * @since 0.1.0
 * @category models
 */
export interface MintOptions {
  /** Default: those of the ready statement. */
  readonly scopes?: ReadonlyArray<string>
  /**
   * The application's id; default a new one. A known id makes one more download of that application: `scopes` and
   * `redirectDomains` stay as they were, because an application cannot be edited.
   */
  readonly subject?: string
  /** Milliseconds since the epoch; default now. */
  readonly issuedAt?: number
  /** Hosts and custom schemes that redirect URIs may point to; default any. */
  readonly redirectDomains?: ReadonlyArray<string>
}

/**
 * Which requests fail, and how.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailOptions {
  readonly route: Route
  readonly fault: Fault
  /** How many requests; default 1. `Infinity` is allowed. */
  readonly times?: number
  /** Only these requests count and fail; default all of the route. */
  readonly when?: (request: ReceivedRequest) => boolean
}

/**
 * The script API: what a test does to the emulator, and what it asks of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly baseUrl: string
  /** A signed statement of an application that is ready to register. */
  readonly softwareStatement: string
  readonly mintStatement: (options?: MintOptions) => Effect.Effect<string>
  /**
   * Makes the next requests of a route fail. Calls queue up: the oldest that matches a request strikes first. The
   * throttle stands in front: a request that it turns away uses up no fault.
   */
  readonly fail: (options: FailOptions) => Effect.Effect<void>
  readonly clearFaults: Effect.Effect<void>
  /**
   * Revokes the application of a statement (default: the ready one), and with it every pair and token that came from
   * it. Does nothing for a statement of elsewhere.
   */
  readonly revokeStatement: (statement?: string) => Effect.Effect<void>
  /** Takes the revocation back, as when a new application has reached the servers at last. */
  readonly restoreStatement: (statement?: string) => Effect.Effect<void>
  readonly revokeClient: (clientId: string) => Effect.Effect<void>
  readonly revokeAllClients: Effect.Effect<void>
  /** All tokens issued so far are bad from now on: 401 with an enhanced error. */
  readonly revokeTokens: Effect.Effect<void>
  /** All tokens issued so far are past their time: 401 without a body, as when they expire by themselves. */
  readonly expireTokens: Effect.Effect<void>
  /**
   * Sets the server's clock that far from Effect's, `"ahead"` unless told otherwise; zero ends it. It shows in `Date`,
   * in `created_at` and in claims, and tokens expire by it. Throttle and log keep to Effect's clock.
   */
  readonly skewClock: (
    duration: Duration.DurationInput,
    direction?: "ahead" | "behind"
  ) => Effect.Effect<void>
  /** For the tokens issued from now on. */
  readonly setTokenTtl: (ttl: Duration.DurationInput) => Effect.Effect<void>
  readonly setIssuedAtUnit: (unit: "s" | "ms") => Effect.Effect<void>
  /** The ids of all pairs that were minted and not revoked one by one, oldest first. */
  readonly clients: Effect.Effect<ReadonlyArray<string>>
  /** What was received, oldest first. */
  readonly log: Effect.Effect<ReadonlyArray<LoggedRequest>>
  readonly counts: Effect.Effect<Counts>
  /** Empties the log and starts the counts again. */
  readonly clearLog: Effect.Effect<void>
}

/**
 * A running emulator.
 *
 * @since 0.1.0
 * @category tags
 */
export class Emulator extends Context.Tag("effect-adobe-pass-emulator/Emulator")<Emulator, Service>() {}

/**
 * The emulator in process, as the `HttpClient` of a program under test.
 *
 * Opens no socket. Requests are handled in the fiber of their caller, all time is Effect's `Clock`, and nothing waits
 * for another thread: under a test clock a run is exact, and interrupting a call interrupts its handling. Answers for
 * the origin of `baseUrl` (default `http://127.0.0.1`) and those of `alsoAt`, and for no other. Every layer is an
 * emulator of its own.
 *
 * @example
 * ```ts
 * import { HttpClient, HttpClientRequest } from "@effect/platform"
 * import { Effect } from "effect"
 * import { Emulator } from "effect-adobe-pass-emulator"
 *
 * const program = Effect.gen(function* () {
 *   const { softwareStatement } = yield* Emulator.Emulator
 *   const response = yield* HttpClientRequest.post("http://127.0.0.1/o/client/register").pipe(
 *     HttpClientRequest.bodyUnsafeJson({ software_statement: softwareStatement }),
 *     HttpClient.execute
 *   )
 *   return response.status // 201
 * })
 *
 * program.pipe(Effect.provide(Emulator.layer()))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options & { readonly baseUrl?: string; readonly alsoAt?: ReadonlyArray<string> } = {}
): Layer.Layer<Emulator | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(Engine.make(options), (engine) => {
      const baseUrl = options.baseUrl ?? "http://127.0.0.1"
      return Context.make(Emulator, engine.script(baseUrl)).pipe(
        Context.add(HttpClient.HttpClient, InProcess.make(engine, [baseUrl, ...(options.alsoAt ?? [])]))
      )
    })
  )

/**
 * The port could not be had.
 *
 * @since 0.1.0
 * @category errors
 */
export class ListenError extends Data.TaggedError("ListenError")<{
  readonly host: string
  readonly port: number
  /** The system's code, such as `EADDRINUSE`. */
  readonly code: string
}> {
  override get message(): string {
    const reason = this.code === "EADDRINUSE" ? "it is in use" : this.code
    return `The emulator cannot listen on ${this.host}:${this.port}: ${reason}.`
  }
}

/**
 * The emulator on a port, with Node's HTTP server.
 *
 * `port` 0, the default, takes a free one; `baseUrl` tells which. Faults are real here: a reset resets the socket, a
 * truncated answer announces more than it sends. With `control: true` the script API is offered over HTTP under
 * `/_emulator/`, without authentication: for a loopback address only. When the scope ends, connections are closed and
 * requests in flight are cut off.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (
  options: Options & { readonly port?: number; readonly host?: string; readonly control?: boolean } = {}
): Layer.Layer<Emulator, ListenError> =>
  Layer.scoped(
    Emulator,
    Effect.gen(function* () {
      const host = options.host ?? "127.0.0.1"
      const requested = options.port ?? 0
      const engine = yield* Engine.make(options)
      const control = Control.make(engine.script(""))
      const handle: NodeServer.Handler = (request) =>
        options.control === true && Control.isControl(request) ? control(request) : engine.handle(request)
      const port = yield* NodeServer.serve(handle, host, requested).pipe(
        Effect.mapError(({ code }) => new ListenError({ host, port: requested, code }))
      )
      return engine.script(`http://${host.includes(":") ? `[${host}]` : host}:${port}`)
    })
  )

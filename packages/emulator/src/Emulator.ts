/**
 * An emulator of Adobe Pass for tests and development: the registration and token endpoints, REST API v2 and the throttle
 * in front of them, in process or on a port.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Bucket from "./Bucket.js"
import * as Control from "./internal/control.js"
import * as Engine from "./internal/engine.js"
import * as InProcess from "./internal/inProcess.js"
import * as NodeServer from "./internal/nodeServer.js"
import { makeScript } from "./internal/script.js"
import * as State from "./internal/state.js"
import type { Script } from "./Script.js"
import type { LoggedRequest } from "./Traffic.js"
import { builtIn, type World } from "./World.js"

/**
 * How the emulator starts. The defaults are what Adobe does today.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How the throttle replenishes its burst; default `"refill"`. */
  readonly throttle?: Bucket.Model
  /** Requests per second that the throttle lets pass for one address; default 1. */
  readonly rate?: number
  /** Requests beyond the rate; default 10, so that 11 requests pass at once. */
  readonly burst?: number
  /** Lifetime of access tokens, rounded down to seconds; default 6 hours. */
  readonly tokenTtl?: Duration.DurationInput
  /** Unit of `client_id_issued_at`; Adobe documents seconds and sends milliseconds too. Default `"s"`. */
  readonly issuedAtUnit?: "s" | "ms"
  /** `"lenient"` accepts any `X-Device-Info`, for example Adobe's own invalid sample; default `"strict"`. */
  readonly deviceInfo?: "strict" | "lenient"
  /** Scopes of the emulator's own software statement; default `["api:client:v2"]`. */
  readonly scopes?: ReadonlyArray<string>
  /** The id of the application of the emulator's own software statement; default a new one. It may carry a fault. */
  readonly subject?: string
  /** Hosts and custom schemes that redirect URIs may point to; default any. */
  readonly redirectDomains?: ReadonlyArray<string>
  /**
   * `"emulated"` plays REST API v2; `"echo"` answers every call that has a good token and device with what it received,
   * for tests of a client's headers. Default `"emulated"`.
   */
  readonly restV2?: "emulated" | "echo"
  /** The service providers, MVPDs and people; default `World.builtIn`. */
  readonly world?: World
  /**
   * How many requests the log keeps; default 10,000. The oldest are dropped first, and earlier than that when the
   * bodies of all have more than 64 Mi characters.
   */
  readonly logLimit?: number
  /** Called with each logged request once it has ended, for a live view. It must not throw. */
  readonly onRequest?: (request: LoggedRequest) => void
}

/**
 * A running emulator: its address and its script API.
 *
 * @since 0.1.0
 * @category models
 */
export interface Emulator extends Script {
  readonly baseUrl: string
}

/**
 * @since 0.1.0
 * @category tags
 */
export const Emulator: Context.Tag<Emulator, Emulator> = Context.GenericTag<Emulator>(
  "effect-adobe-pass-emulator/Emulator"
)

/**
 * The emulator in process, as the `HttpClient` of the program under test.
 *
 * Opens no socket. A request is handled in the fiber of its caller and all time is Effect's `Clock`, so tests under a
 * test clock are deterministic, and interrupting a call interrupts its handling. It answers requests to the origins of
 * `baseUrl` (default `http://127.0.0.1`) and `alsoAt` only. Each layer is a separate emulator.
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
    Effect.map(makeState(options), (state) => {
      const { alsoAt = [], baseUrl = "http://127.0.0.1" } = options
      return Context.make(Emulator, { baseUrl, ...makeScript(state) }).pipe(
        Context.add(HttpClient.HttpClient, InProcess.make(Engine.handler(state), [baseUrl, ...alsoAt]))
      )
    })
  )

/**
 * The emulator could not listen on its port.
 *
 * @since 0.1.0
 * @category errors
 */
export class ListenError extends Data.TaggedError("ListenError")<{
  readonly host: string
  readonly port: number
  /** The system's error code, such as `EADDRINUSE`. */
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
 * With `port: 0`, the default, the system chooses a free port; `baseUrl` contains it. Faults affect the real
 * connection: a reset resets the socket, a truncated answer sends less than its `content-length`. `control: true`
 * offers the control API under `/_emulator/`, and the console to a browser, without authentication: use it on a loopback
 * address only. It refuses pages of other origins, and host names other than `localhost` and `host`. The pages on which
 * people sign in are there without it.
 * Closing the scope closes all connections, including those with a request in flight.
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
      const { host = "127.0.0.1", port: requested = 0 } = options
      const state = yield* makeState(options)
      const script = makeScript(state)
      const handler = Engine.handler(state)
      const port = yield* NodeServer.serve(
        options.control === true ? Control.withControl(state, script, handler, host) : handler,
        host,
        requested
      ).pipe(Effect.mapError(({ code }) => new ListenError({ host, port: requested, code })))
      return { baseUrl: `http://${host.includes(":") ? `[${host}]` : host}:${port}`, ...script }
    })
  )

const makeState = (options: Options): Effect.Effect<State.State> =>
  State.make(
    {
      limit: { model: options.throttle ?? "refill", rate: options.rate ?? 1, burst: options.burst ?? 10 },
      logLimit: options.logLimit ?? 10_000,
      onRequest: options.onRequest ?? constVoid,
      scopes: options.scopes ?? ["api:client:v2"],
      subject: options.subject,
      redirectDomains: options.redirectDomains,
      deviceInfo: options.deviceInfo ?? "strict",
      issuedAtUnit: options.issuedAtUnit ?? "s",
      tokenTtl: Duration.decode(options.tokenTtl ?? "6 hours"),
      clientTtls: new Map(),
      restV2: options.restV2 ?? "emulated",
      skewMillis: 0
    },
    options.world ?? builtIn
  )

/** Runs a gateway from its start line to its end. */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import { Silenced } from "effect-adobe-pass/Warnings"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import type { CommandError } from "../ExitCode.js"
import * as Output from "../Output.js"
import type * as Settings from "../Settings.js"
import { Signals } from "../Signals.js"
import { Activity } from "./activity.js"
import { inUrl } from "./admission.js"
import { handle } from "./gateway.js"
import type { Options } from "./options.js"
import { observed } from "./pacing.js"
import * as Probes from "./probes.js"
import { serve } from "./server.js"
import * as Warnings from "./warnings.js"

/** Connections that wait for their turn or are idle need room, too. */
const connectionsFor = (maxConcurrent: number): number => Math.max(1024, 4 * maxConcurrent)

const protection = ({ allowed, key }: Options): string => {
  const rules = [
    ...(allowed === undefined ? [] : ["an allow-list"]),
    ...(key === undefined ? [] : ["a shared key"])
  ]
  return rules.length === 0
    ? "every program on this machine may call it"
    : `protected by ${rules.join(" and ")}`
}

/** Serves until a signal asks it to end, and lets the calls under way finish. */
const served = (options: Options, settings: Settings.Settings) =>
  Effect.gen(function* () {
    const { environment } = yield* RegisteredApplication
    const { stderr, stdout } = yield* Output.Output
    const signals = yield* Signals
    const activity = new Activity(yield* Clock.currentTimeMillis)
    const instance = yield* Caller.instance(settings)
    const probes = yield* Probes.make(activity, instance)
    const gateway = {
      activity,
      admission: options,
      forward: { ...options, instance, warn: Warnings.make() },
      maxConcurrent: options.maxConcurrent,
      probes,
      log: options.accessLog === "none" ? () => Effect.void : stdout.line
    }
    const server = yield* serve(
      { ...options, maxConnections: connectionsFor(options.maxConcurrent) },
      (exchange) => handle(gateway, exchange),
      () => {
        activity.isDraining = true
      }
    )
    yield* stderr.line(
      `adobe-pass gateway listens on http://${inUrl(options.host)}:${server.port} for ${environment.name}; ${protection(options)}.`
    )
    yield* signals.next
    yield* server.drain(options.grace, stderr.line("adobe-pass gateway ends: calls under way may finish."))
  })

/** The gateway itself warns of the first call without an address. */
const withoutAddress = Layer.succeed(Silenced, new Set(["DevicesWithoutAddress"] as const))

/** The gateway of the settings. */
export const run = (
  options: Options,
  settings: Settings.Settings
): Effect.Effect<void, CommandError, FileSystem.FileSystem | Output.Output | Signals> =>
  Effect.provide(
    Effect.scoped(served(options, settings)),
    Layer.provide(
      Application.layer(settings, { transport: (client) => client, throttle: observed }),
      withoutAddress
    )
  )

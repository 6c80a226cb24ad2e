/** Which warnings a process has given, and which applications are in use more than once. */
import * as Effect from "effect/Effect"
import * as GlobalValue from "effect/GlobalValue"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import * as Metrics from "../Metrics.js"
import type { RegisteredApplication } from "../RegisteredApplication.js"
import { messages, Silenced, type Warning } from "../Warnings.js"

/** What a process knows of a registered application. */
interface Known {
  readonly given: Set<Warning>
  /** How many layers are in use. */
  layers: number
}

/** By environment and by the fingerprint of the application, which are no secrets. */
const applications = GlobalValue.globalValue(
  "effect-adobe-pass/Warnings/applications",
  () => new Map<string, Known>()
)

/** Beyond as many, a process forgets what it knows of an application that is not in use. */
const maximumApplications = 1000

const forgetOne = (): void => {
  for (const [key, { layers }] of applications) {
    if (layers > 0) continue
    applications.delete(key)
    return
  }
}

const knownOf = ({ environment, softwareStatement }: RegisteredApplication): Known => {
  const key = JSON.stringify([environment.name, environment.sp, softwareStatement.fingerprint])
  const found = applications.get(key)
  if (found !== undefined) return found
  if (applications.size >= maximumApplications) forgetOne()
  const known: Known = { given: new Set(), layers: 0 }
  applications.set(key, known)
  return known
}

/** Gives a warning, once for a process and application. */
export type Warn = (warning: Warning) => Effect.Effect<void>

/** The warnings of an application, but those that are silenced. */
export const make = (application: RegisteredApplication): Effect.Effect<Warn> =>
  Effect.map(
    Silenced,
    (silenced): Warn =>
      (warning) =>
        Effect.suspend(() => {
          const { given } = knownOf(application)
          if (silenced.has(warning) || given.has(warning)) return Effect.void
          given.add(warning)
          return Effect.zipRight(
            Metric.update(Metrics.warnings, warning),
            Effect.annotateLogs(Effect.logWarning(messages[warning]), "warning", warning)
          )
        })
  )

/** Notes that a layer of an application is in use, until it closes. */
class Use {
  readonly #known: Known
  #state: "idle" | "used" | "closed" = "idle"

  constructor(known: Known) {
    this.#known = known
  }

  /** Notes it, and returns what there is to warn about. */
  notice(): Warning | undefined {
    if (this.#state !== "idle") return undefined
    this.#state = "used"
    this.#known.layers += 1
    return this.#known.layers > 1 ? "ApplicationInUseTwice" : undefined
  }

  close(): void {
    if (this.#state === "used") this.#known.layers -= 1
    this.#state = "closed"
  }
}

export type { Use }

/** The use of a layer, which ends with the scope. */
export const makeUse = (application: RegisteredApplication): Effect.Effect<Use, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Use(knownOf(application))),
    (use) => Effect.sync(() => use.close())
  )

/** What a check of the doctor is, what it finds, and what later checks need of it. */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AccessToken } from "effect-adobe-pass/AccessToken"
import type * as AdobePass from "effect-adobe-pass/AdobePass"
import type * as Environment from "effect-adobe-pass/Environment"
import type * as NodeTransport from "effect-adobe-pass-node/NodeTransport"
import type * as Application from "../Application.js"
import type * as Caller from "../Caller.js"
import type { CommandError, CommandFailed } from "../ExitCode.js"
import type * as Settings from "../Settings.js"
import type { StandardInput } from "../StandardInput.js"
import type { ApiName } from "./apis.js"
import type { Traffic } from "./traffic.js"

/** What was found, and what to do where something is to be done. */
export type Finding = {
  readonly finding: string
  readonly advice?: string
  /** Lines below the finding. */
  readonly details?: ReadonlyArray<string>
} & (
  | { readonly severity: "ok" | "note" | "warning" | "skipped" }
  | { readonly severity: "error"; readonly exitCode: number }
)

export type Severity = Finding["severity"]

/** What checks have learned, for those that follow. What could not be learned is absent. */
export interface Facts {
  readonly settings?: Settings.Settings
  /** The environment and the options of the library. */
  readonly application?: Omit<AdobePass.AdobePassOptions, "softwareStatement">
  readonly environment?: Environment.Environment
  readonly transport?: NodeTransport.TransportOptions
  /** There is a statement that decodes. */
  readonly statement?: true
  /** The host that registers and gives tokens can be reached. */
  readonly reached?: true
  /** The store opens, reads and writes; `"absent"` when its directory is still to be made. */
  readonly store?: "usable" | "absent"
  readonly caller?: Caller.Caller
  readonly services?: Context.Context<Application.Services>
  readonly token?: AccessToken
}

/** Why a check that needs a fact is skipped. */
const absences: { readonly [Name in keyof Facts]-?: string } = {
  settings: "the configuration cannot be read",
  application: "the configuration cannot be used",
  environment: "the configuration cannot be used",
  transport: "the configuration cannot be used",
  statement: "there is no software statement",
  reached: "Adobe Pass cannot be reached",
  store: "the store cannot be used",
  caller: "the device is not described",
  services: "the library cannot be used",
  token: "there is no access token"
}

/** The check cannot be made, because an earlier one has failed or because it was not asked for. */
export class Skipped extends Data.TaggedError("Skipped")<{ readonly reason: string }> {}

/** A fact that a check cannot do without. */
export const need = <Name extends keyof Facts>(
  facts: Facts,
  name: Name
): Effect.Effect<NonNullable<Facts[Name]>, Skipped> =>
  Effect.mapError(
    Effect.fromNullable(facts[name]),
    // Without settings nothing else is known, and that is the reason of all.
    () => new Skipped({ reason: absences[facts.settings === undefined ? "settings" : name] })
  )

/** What the person has asked for. */
export interface Asked {
  readonly settings: Effect.Effect<Settings.Settings, CommandFailed, Services>
  readonly api: ApiName
  readonly serviceProvider: string | undefined
  /** Whether a device that has no credentials may be registered. */
  readonly register: boolean
  /** What the requests of the doctor have met. */
  readonly traffic: Traffic
}

export interface Outcome {
  readonly findings: ReadonlyArray<Finding>
  readonly learned?: Facts
}

/** What checks may use. Their resources live until the last one has ended. */
export type Services = FileSystem.FileSystem | Path.Path | StandardInput | Scope.Scope

/** A check. What it fails with is a finding, too. */
export interface Check {
  readonly name: string
  readonly run: (facts: Facts, asked: Asked) => Effect.Effect<Outcome, CommandError | Skipped, Services>
}

/** Whether the credential store can be opened, locked, written and read, and who else may. */
import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { CredentialStore } from "effect-adobe-pass/CredentialStore"
import { ExitCode } from "../ExitCode.js"
import * as Settings from "../Settings.js"
import * as Store from "../Store.js"
import { type Check, type Finding, need, type Outcome } from "./check.js"
import * as FileSystems from "./fileSystems.js"
import { error, failure, note, ok, warning } from "./findings.js"
import * as Permissions from "./permissions.js"
import { tried } from "./storeTrial.js"

/** Opens the store, tries it out, and tells whether records are encrypted. */
const opened = (settings: Settings.Settings, what: string) =>
  Effect.gen(function* () {
    const services = yield* Layer.build(Store.layer(settings))
    const { findings, inClear } = yield* tried(what, Context.get(services, CredentialStore))
    return [...findings, ...(yield* encryption(settings, inClear))]
  })

const encryption = (settings: Settings.Settings, inClear: number) =>
  Effect.gen(function* () {
    const file = Settings.get(settings, "storeKeysFile")
    if (file === undefined) {
      return [note("Records are not encrypted; whoever reads the store has the credentials.")]
    }
    const later = inClear === 0 ? "" : `; ${inClear} will be when they are saved next`
    return [
      ok(`Records are encrypted${later}.`),
      ...(yield* Permissions.ofSecret("the keys of the store", file))
    ]
  })

/** The directory is made by whoever registers first; the doctor makes none. */
const absent = (directory: string): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const above = yield* FileSystems.existing(path.dirname(directory))
    const writable = yield* Effect.option(
      Effect.tryPromise(() => fs.access(above, constants.W_OK | constants.X_OK))
    )
    if (Option.isNone(writable)) {
      return {
        findings: [
          error(
            ExitCode.store,
            `The store directory ${directory} does not exist, and cannot be made in ${above}.`,
            "Name another one with --store-directory, or let this user write there."
          )
        ]
      }
    }
    const place = yield* FileSystems.check(above)
    return {
      findings: [
        note(`The store directory ${directory} does not exist yet; the first registration makes it.`),
        ...place
      ],
      learned: { store: "absent" }
    }
  })

const usable = { learned: { store: "usable" } } as const

const closedNow = (directory: string): Finding =>
  warning(
    `${directory} was open to other users of this machine; now it is not.`,
    "Find out who opened it, and whether others have read the credentials in it."
  )

/** Looks at the directory before the store opens it, because the store closes one that is open to others. */
const inDirectory = (settings: Settings.Settings, directory: string, register: boolean) =>
  Effect.gen(function* () {
    const exists = Option.isSome(yield* Effect.option(Effect.tryPromise(() => fs.stat(directory))))
    if (!exists && !register) return yield* absent(directory)
    const wasOpen = exists && !(yield* Permissions.of(directory)).isPrivate
    const result = yield* Effect.either(opened(settings, `files in ${directory}`))
    return {
      findings: [
        ...Either.getOrElse(result, (problem) => [failure(problem)]),
        ...(wasOpen && Either.isRight(result) ? [closedNow(directory)] : []),
        ...(yield* FileSystems.check(directory))
      ],
      ...(Either.isRight(result) ? usable : {})
    } satisfies Outcome
  })

const inDatabase = (settings: Settings.Settings, kind: string) =>
  Effect.gen(function* () {
    const file = Settings.get(settings, "storeUrlFile")
    return {
      findings: [
        ...(yield* opened(settings, kind)),
        ...(file === undefined ? [] : yield* Permissions.ofSecret("the address of the store", file))
      ],
      ...usable
    } satisfies Outcome
  })

export const store: Check = {
  name: "store",
  run: (facts, { register }) =>
    Effect.gen(function* () {
      const settings = yield* need(facts, "settings")
      const kind = Settings.get(settings, "store") ?? "file"
      if (kind !== "file") return yield* inDatabase(settings, kind)
      const directory = Settings.get(settings, "storeDirectory")
      if (directory === undefined) return yield* Store.noDirectory
      return yield* inDirectory(settings, path.resolve(directory), register)
    })
}

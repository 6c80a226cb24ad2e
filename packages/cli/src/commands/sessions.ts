/** `adobe-pass sessions`: what the store holds, and how it gets into another one. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { CredentialStore } from "effect-adobe-pass/CredentialStore"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import { describe, misconfigured, usage } from "../ExitCode.js"
import * as FileContent from "../FileContent.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"
import * as StandardInput from "../StandardInput.js"
import * as Store from "../Store.js"
import { dryRun } from "../sessions/dryRun.js"
import { exportTo } from "../sessions/export.js"
import * as Find from "../sessions/find.js"
import * as Flags from "../sessions/flags.js"
import { forget } from "../sessions/forget.js"
import * as Import from "../sessions/import.js"
import * as ImportSummary from "../sessions/importSummary.js"
import { list } from "../sessions/list.js"
import { look } from "../sessions/look.js"
import { Problems } from "../sessions/problems.js"
import * as Show from "../sessions/show.js"
import * as Variable from "../Variable.js"

const listCommand = Command.make(
  "list",
  {
    ...Flags.store,
    environment: Options.text("environment").pipe(
      Options.withDescription("Only the sessions of this environment"),
      Options.optional
    ),
    json: Flags.json
  },
  ({ environment, json, ...flags }) =>
    Effect.flatMap(Settings.resolve(flags), (settings) =>
      Effect.provide(list({ environment: Option.getOrUndefined(environment), json }), Store.layer(settings))
    )
).pipe(
  Command.withDescription(
    "Lists the sessions of the store: the age of their credentials, what becomes of their token, their environment, software statement and encryption key."
  )
)

const caller = { device: Caller.options.device, instance: Caller.options.instance }

/** The flags of `caller` as the settings know them. */
const callerFlags = (given: { readonly [Name in keyof typeof caller]: Option.Option<string> }) =>
  Settings.flags({
    "device.id": { flag: "device", value: given.device },
    instance: { flag: "instance", value: given.instance }
  })

const isCallerGiven = (given: { readonly [Name in keyof typeof caller]: Option.Option<string> }): boolean =>
  Option.isSome(given.device) || Option.isSome(given.instance)

const show = Command.make(
  "show",
  {
    ...Flags.application,
    ...caller,
    session: Args.text({ name: "SESSION" }).pipe(
      Args.withDescription(
        "The key of a session or its start; without it the session of --device or --instance"
      ),
      Args.optional
    ),
    json: Flags.json
  },
  ({ json, session, ...flags }) =>
    Effect.gen(function* () {
      if (Option.isSome(session) && isCallerGiven(flags)) {
        return yield* usage("Name the session, or its device or instance: not both.")
      }
      const settings = yield* Settings.resolve(flags, callerFlags(flags))
      const shown = Effect.gen(function* () {
        const [key] = Option.isSome(session)
          ? yield* Find.byName([session.value])
          : [yield* Find.ofCaller(settings)]
        const found = key === undefined ? Option.none() : yield* look(key)
        if (Option.isNone(found)) {
          return yield* usage(
            `The store has no session ${key === undefined ? "" : Show.short(key)}: see "adobe-pass sessions list".`
          )
        }
        if (json) yield* Output.json(Show.json(found.value))
        if (found.value._tag === "Unreadable") return yield* found.value.error
        if (json) return
        const now = yield* Clock.currentTimeMillis
        for (const line of Show.lines(found.value, now)) yield* Output.line(line)
      })
      yield* Effect.provide(shown, Store.layer(settings))
    })
).pipe(Command.withDescription("Shows one session, without its secrets."))

const yes = Options.boolean("yes").pipe(
  Options.withAlias("y"),
  Options.withDescription("Forget without a question, as a script has to")
)

const forgetCommand = Command.make(
  "forget",
  {
    ...Flags.application,
    ...caller,
    yes,
    sessions: Args.text({ name: "SESSION" }).pipe(
      Args.withDescription("The keys of sessions, or their starts"),
      Args.repeated
    )
  },
  ({ sessions, yes, ...flags }) =>
    Effect.gen(function* () {
      if (sessions.length === 0 && !isCallerGiven(flags)) {
        return yield* usage(
          "Name the sessions to forget by their keys, or one by its --device or --instance."
        )
      }
      const settings = yield* Settings.resolve(flags, callerFlags(flags))
      const forgotten = Effect.gen(function* () {
        const named = yield* Find.byName(sessions)
        const own = isCallerGiven(flags) ? [yield* Find.ofCaller(settings)] : []
        yield* forget([...new Set([...named, ...own])], { yes })
      })
      yield* Effect.provide(forgotten, Store.layer(settings))
    })
).pipe(
  Command.withDescription(
    "Forgets sessions: the users of their devices must sign in again. It asks first, and refuses where nobody can be asked."
  )
)

/** The flag of the keys as the settings know it. */
const keysFlag = (given: Option.Option<string>) =>
  Settings.flags({ "export.keysFile": { flag: "keys-file", value: given } })

const keysOf = (settings: Settings.Settings) => {
  const file = Settings.get(settings, "export.keysFile")
  return file === undefined
    ? misconfigured(
        `An export is encrypted: --keys-file (${Variable.of("export.keysFile")}) names a file with an id and the output of "openssl rand -base64 32" on one line.`
      )
    : Store.keysOf(file)
}

const exportCommand = Command.make(
  "export",
  {
    ...Flags.store,
    keysFile: Flags.keysFile,
    force: Options.boolean("force").pipe(Options.withDescription("Replace the file if it is there")),
    file: Args.text({ name: "FILE" }).pipe(
      Args.withDescription("The file to write, or - for standard output")
    )
  },
  ({ file, force, keysFile, ...flags }) =>
    Effect.gen(function* () {
      const settings = yield* Settings.resolve(flags, keysFlag(keysFile))
      const encryption = yield* keysOf(settings)
      yield* Effect.provide(exportTo(file, encryption, { force }), Store.layer(settings))
    })
).pipe(
  Command.withDescription(
    "Writes all sessions to an encrypted file, which another store imports and a backup keeps."
  )
)

const replace = Options.boolean("replace").pipe(
  Options.withDescription(
    "Overwrite other credentials that the store holds of a device: its users must sign in again"
  )
)

const importCommand = Command.make(
  "import",
  {
    ...Flags.application,
    keysFile: Flags.keysFile,
    replace,
    dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Read and compare, and write nothing")),
    json: Flags.json,
    file: Args.text({ name: "FILE" }).pipe(
      Args.withDescription(
        "An export, or JSON lines with device, client_id and client_secret of another system; - for standard input"
      )
    )
  },
  ({ file, json, keysFile, replace, ...flags }) =>
    Effect.gen(function* () {
      const settings = yield* Settings.resolve(flags, keysFlag(keysFile))
      const fs = yield* FileSystem.FileSystem
      const input = yield* StandardInput.StandardInput
      const name = file === "-" ? "Standard input" : file
      const bytes =
        file === "-"
          ? Stream.provideService(StandardInput.bytes("FILE"), StandardInput.StandardInput, input)
          : FileContent.bytes(file)
      const sources: Import.Sources = {
        file: name,
        replace,
        encryption: Effect.provideService(keysOf(settings), FileSystem.FileSystem, fs),
        application: RegisteredApplication.pipe(
          Effect.provide(Application.layer(settings)),
          Effect.provideService(FileSystem.FileSystem, fs)
        )
      }
      const imported = Effect.gen(function* () {
        const problems = yield* Problems.make
        const summary = yield* Ref.make(Import.empty)
        const store = yield* CredentialStore
        const result = yield* Import.importAll(sources, bytes, problems, summary).pipe(
          Effect.provideService(CredentialStore, flags.dryRun ? dryRun(store) : store),
          Effect.either
        )
        const done = yield* Ref.get(summary)
        if (Either.isLeft(result) && !Import.hasBegun(done)) return yield* Effect.fail(result.left)
        yield* ImportSummary.counts(done, { json, dryRun: flags.dryRun })
        yield* ImportSummary.consequences(done)
        if (Either.isRight(result)) return yield* ImportSummary.ending(name, done)
        yield* Output.note("The import broke off: repeat it, and what was imported before is present then.")
        return yield* describe(result.left)
      })
      yield* Effect.provide(imported, Store.layer(settings))
    })
).pipe(
  Command.withDescription(
    "Imports an export, or the client credentials of another system, so that nobody has to sign in again. It can be repeated."
  )
)

export const sessions = Command.make("sessions").pipe(
  Command.withDescription("The sessions of the store: list, show, forget, export and import them."),
  Command.withSubcommands([listCommand, show, forgetCommand, exportCommand, importCommand])
)

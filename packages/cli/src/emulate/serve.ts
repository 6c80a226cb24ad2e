/** The emulator on its port, from its start to the signal that ends it. */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Emulator from "effect-adobe-pass-emulator/Emulator"
import * as SavedState from "effect-adobe-pass-emulator/SavedState"
import * as World from "effect-adobe-pass-emulator/World"
import { type CommandError, misconfigured, usage } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as Signals from "../Signals.js"
import * as Announcement from "./announcement.js"
import * as Faults from "./faults.js"
import * as Files from "./files.js"
import type { Flags } from "./flags.js"
import { backlog, show } from "./liveView.js"
import { openBrowser } from "./openBrowser.js"
import { type Shown, shown } from "./request.js"

/** The console lets everybody do everything who reaches it. */
const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || /^127\./.test(host)

const readOptional = <A, I>(flag: string, file: Option.Option<string>, schema: Schema.Schema<A, I>) =>
  Effect.transposeMapOption(file, (name) => Files.read(flag, name, schema))

/** What the flags say, checked: all that can be wrong is found before anything listens. */
const prepare = (flags: Flags) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const faults = yield* Effect.forEach(flags.fault, Faults.parse)
    const world = yield* readOptional("world", flags.world, World.World)
    const saved = yield* readOptional("import", flags.import, SavedState.SavedState)
    const statementFile = Option.map(flags.statementFile, (file) => path.resolve(file))
    if (Option.isSome(flags.exportOnExit)) yield* Files.checkKept(Files.state, flags.exportOnExit.value)
    if (Option.isSome(statementFile)) yield* Files.checkKept(Files.statement, statementFile.value)
    const console = isLoopback(flags.host) && !flags.noConsole
    if (flags.open && !console) {
      return yield* usage("--open needs the console, which is offered on a loopback address only.")
    }
    const seed = yield* Option.match(flags.seed, {
      onNone: () => Random.nextIntBetween(1, 1_000_000),
      onSome: Effect.succeed
    })
    return { faults, world, saved, statementFile, console, seed }
  })

type Prepared = Effect.Effect.Success<ReturnType<typeof prepare>>

/** The statement is another download of the first application that is remembered: its clients then go on. */
const subject = (flags: Flags, { saved }: Prepared): Option.Option<string> =>
  Option.orElse(flags.subject, () =>
    Option.flatMap(saved, ({ issued }) => Option.fromNullable(issued.applications[0]?.id))
  )

const start = (flags: Flags, prepared: Prepared, onRequest: Emulator.Options["onRequest"]) =>
  Effect.gen(function* () {
    const application = subject(flags, prepared)
    const context = yield* Layer.build(
      Emulator.layerServer({
        port: flags.port,
        host: flags.host,
        control: prepared.console,
        throttle: flags.throttle,
        rate: flags.rate,
        burst: flags.burst,
        tokenTtl: flags.tokenTtl * 1000,
        scopes: flags.scopes.split(/[\s,]+/).filter((scope) => scope !== ""),
        ...(onRequest === undefined ? {} : { onRequest }),
        ...(Option.isSome(application) ? { subject: application.value } : {}),
        ...(Option.isSome(prepared.world) ? { world: prepared.world.value } : {})
      })
    ).pipe(Effect.mapError(({ message }) => misconfigured(`${message} Choose another one with --port.`)))
    const emulator = Context.get(context, Emulator.Emulator)
    if (Option.isSome(prepared.saved)) yield* emulator.importState(prepared.saved.value)
    yield* Effect.forEach(prepared.faults, emulator.fail)
    return emulator
  })

const announce = (flags: Flags, prepared: Prepared, emulator: Emulator.Emulator) =>
  Effect.gen(function* () {
    const statementFile = Option.getOrUndefined(prepared.statementFile)
    if (statementFile !== undefined) {
      yield* Files.keep(Files.statement, statementFile, `${emulator.softwareStatement}\n`)
    }
    const started = { ...prepared, emulator, statementFile, world: yield* emulator.world }
    yield* Output.line(flags.json ? JSON.stringify(Announcement.json(started)) : Announcement.text(started))
    if (flags.open) yield* Effect.forkScoped(openBrowser(Announcement.consoleOf(started)))
  })

const encode = Schema.encode(Schema.parseJson(SavedState.SavedState))

const exported = (emulator: Emulator.Emulator, file: string) =>
  Effect.gen(function* () {
    const state = yield* Effect.orDie(Effect.flatMap(emulator.exportState, encode))
    yield* Files.keep(Files.state, file, state)
    yield* Output.note(`The state is in ${file}.`)
  })

/** Serves until a signal ends it, and then keeps what it remembers. */
export const serve = (
  flags: Flags
): Effect.Effect<void, CommandError, FileSystem.FileSystem | Output.Output | Path.Path | Signals.Signals> =>
  Effect.gen(function* () {
    const prepared = yield* prepare(flags)
    const clock = yield* Effect.clock
    const requests = yield* Queue.dropping<Shown>(backlog)
    const onRequest: Emulator.Options["onRequest"] = (request) => {
      requests.unsafeOffer(shown(request, clock.unsafeCurrentTimeMillis()))
    }
    const running = Effect.gen(function* () {
      const emulator = yield* start(flags, prepared, flags.quiet ? undefined : onRequest)
      yield* announce(flags, prepared, emulator)
      const view = show(flags.json ? "json" : "view", { requests, counts: emulator.counts })
      yield* Effect.scoped(Signals.until(flags.quiet ? Effect.never : view))
      if (Option.isSome(flags.exportOnExit)) yield* exported(emulator, flags.exportOnExit.value)
    })
    yield* Effect.withRandom(Effect.scoped(running), Random.make(prepared.seed))
  })

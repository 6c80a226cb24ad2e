#!/usr/bin/env node
/** The command: `npx effect-adobe-pass-emulator --help`, or `npm run emulator -- --help` in a clone. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Emulator from "./Emulator.js"
import * as Arguments from "./internal/arguments.js"
import { welcome } from "./internal/welcome.js"

const serve = Effect.gen(function* () {
  const options = yield* Arguments.decode(process.argv.slice(2))
  if (options === "help") return yield* Console.log(Arguments.usage)
  const announce = Layer.effectDiscard(
    Effect.flatMap(Emulator.Emulator, (emulator) =>
      Effect.flatMap(emulator.world, (world) => Console.log(welcome(emulator, world, options.control)))
    )
  )
  return yield* Layer.launch(Layer.provide(announce, Emulator.layerServer(options)))
})

const fail = (message: string, exitCode: number) =>
  Effect.andThen(Console.error(message), () => {
    process.exitCode = exitCode
  })

const signal = (name: NodeJS.Signals) =>
  Effect.async<void>((resume) => {
    const arrived = () => resume(Effect.void)
    process.once(name, arrived)
    return Effect.sync(() => process.off(name, arrived))
  })

serve.pipe(
  Effect.catchTags({
    InvalidArguments: ({ message }) => fail(`${message}\n\n${Arguments.usage}`, 2),
    ListenError: ({ message }) => fail(message, 1)
  }),
  Effect.raceFirst(Effect.raceFirst(signal("SIGINT"), signal("SIGTERM"))),
  Effect.runPromise
)

/**
 * The emulator of Adobe Pass on a free port, in a process of its own; `emulatorServer.js <throttle>`. Prints a line of JSON
 * with its origin and its software statement, and ends when its standard input does.
 */
import { Console, Effect, Layer } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"

const [, , model = "refill"] = process.argv

const announced = Layer.effectDiscard(
  Effect.flatMap(Emulator.Emulator, ({ baseUrl, softwareStatement }) =>
    Console.log(JSON.stringify({ baseUrl, softwareStatement }))
  )
)

process.stdin.resume().once("close", () => process.exit(0))
await Effect.runPromise(
  Layer.launch(
    Layer.provide(
      announced,
      Emulator.layerServer({ throttle: model === "off" ? "off" : "refill", control: true, logLimit: 100_000 })
    )
  )
)

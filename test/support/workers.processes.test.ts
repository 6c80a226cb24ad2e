import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { useWorker } from "./workers.js"

const start = useWorker(new URL("../../packages/emulator/src/main.ts", import.meta.url))

it.live("a process of a test has ended when its scope is closed", () =>
  Effect.gen(function* () {
    const worker = yield* Effect.scoped(
      Effect.tap(start({ args: ["--port", "0"] }), (started) => started.says(/Ctrl-C/))
    )
    assert.strictEqual(worker.process.signalCode, "SIGKILL")
  })
)

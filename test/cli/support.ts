import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import type { Channel } from "effect-adobe-pass-cli/Output"
import { Emulator } from "effect-adobe-pass-emulator"

/** A channel without styles, which forgets what is written. */
export const plain: Channel = {
  isTerminal: false,
  columns: Effect.succeed(80),
  style: (_, text) => text,
  write: () => Effect.void,
  line: () => Effect.void
}

/** An emulator on a port of its own, closed with the scope. */
export const emulator = (
  options: Parameters<typeof Emulator.layerServer>[0] = {}
): Effect.Effect<Emulator.Emulator, Emulator.ListenError, Scope.Scope> =>
  Effect.map(Layer.build(Emulator.layerServer(options)), Context.get(Emulator.Emulator))

/** Variables that point a command at an emulator, with its statement in a file below `home`. */
export const environmentOf = (
  { baseUrl, softwareStatement }: Emulator.Emulator,
  home: string
): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.promise(async () => {
    const file = path.join(home, "statement.txt")
    await fs.writeFile(file, softwareStatement)
    return {
      ADOBE_PASS_ENVIRONMENT: "emulated",
      ADOBE_PASS_SP_URL: baseUrl,
      ADOBE_PASS_SOFTWARE_STATEMENT_FILE: file,
      ADOBE_PASS_STORE_DIRECTORY: path.join(home, "store")
    }
  })

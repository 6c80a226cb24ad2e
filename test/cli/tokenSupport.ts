import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import type { Emulator } from "effect-adobe-pass-emulator"
import { type Secret, searcher, withoutJwtHeader } from "../support/secrets.js"

/** Everything that an emulator has given out. */
const secretsOf = ({
  exportState,
  softwareStatement
}: Emulator.Emulator): Effect.Effect<ReadonlyArray<Secret>> =>
  Effect.map(exportState, ({ issued }) => [
    { name: "statement", value: withoutJwtHeader(softwareStatement) },
    ...issued.clients.flatMap(({ id, secret, tokens }) => [
      { name: "client id", value: id },
      { name: "client secret", value: secret },
      ...tokens.map(({ token }) => ({ name: "token", value: withoutJwtHeader(token) }))
    ])
  ])

/** The names of the secrets that stand in texts; `more` are secrets of the test itself. */
export const leaks = (
  adobe: Emulator.Emulator,
  texts: ReadonlyArray<string>,
  more: ReadonlyArray<Secret> = []
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(secretsOf(adobe), (secrets) => {
    const find = searcher([...secrets, ...more])
    return texts.flatMap((text) => find(text))
  })

/** Files in a directory, hidden ones included. */
export const namesIn = (directory: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.promise(() => fs.readdir(directory))

export const read = (file: string): Effect.Effect<string> => Effect.promise(() => fs.readFile(file, "utf8"))

/** The description of a device, in a file below `home`. */
export const deviceInfo = (home: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    const file = path.join(home, "device.json")
    await fs.writeFile(
      file,
      JSON.stringify({
        model: "TV 5.0",
        version: "2.1",
        osName: "Linux",
        osVersion: "6.1",
        connectionType: "WiFi"
      })
    )
    return file
  })

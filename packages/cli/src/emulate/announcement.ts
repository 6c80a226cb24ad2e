/** What an emulator says when it has started: where it is, and what makes other commands use it. */
import type { Emulator } from "effect-adobe-pass-emulator/Emulator"
import type { World } from "effect-adobe-pass-emulator/World"
import { version } from "../version.js"

/** What is said of. */
export interface Started {
  readonly emulator: Pick<Emulator, "baseUrl" | "softwareStatement">
  readonly world: World
  readonly seed: number
  readonly console: boolean
  /** The file with the statement, as an absolute path. */
  readonly statementFile: string | undefined
}

/** The address of the console, which is offered on a loopback address only. */
export const consoleOf = ({ emulator }: Pick<Started, "emulator">): string => `${emulator.baseUrl}/_emulator/`

/** The variables that point the library, and these commands, at the emulator. */
export const variables = ({ emulator, statementFile }: Started): Readonly<Record<string, string>> => ({
  ADOBE_PASS_ENVIRONMENT: "emulator",
  ADOBE_PASS_SP_URL: emulator.baseUrl,
  ...(statementFile === undefined
    ? { ADOBE_PASS_SOFTWARE_STATEMENT: emulator.softwareStatement }
    : { ADOBE_PASS_SOFTWARE_STATEMENT_FILE: statementFile })
})

/** A word of a shell. */
const quoted = (value: string): string =>
  /^[\w./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`

/** The lines for a person, which a shell can be given as they are. */
export const text = (started: Started): string => {
  const { baseUrl } = started.emulator
  const [{ id }] = started.world.serviceProviders
  return [
    `# Adobe Pass emulator ${version}: ${baseUrl}`,
    ...(started.console ? [`# Console:       ${consoleOf(started)}`] : []),
    `# Second screen: ${baseUrl}/activate`,
    `# Seed of latencies and of faults by chance: ${started.seed}`,
    "",
    ...Object.entries(variables(started)).map(([name, value]) => `export ${name}=${quoted(value)}`),
    "",
    `# Then: adobe-pass call GET /api/v2/${id}/configuration`,
    "# Ctrl-C stops it.",
    ""
  ].join("\n")
}

/** The same for a machine. */
export const json = (started: Started): unknown => ({
  url: started.emulator.baseUrl,
  console: started.console ? consoleOf(started) : null,
  second_screen: `${started.emulator.baseUrl}/activate`,
  seed: started.seed,
  environment: variables(started)
})

/** What the file store needs of the operating system and does not have on each. */
import * as Context from "effect/Context"

export interface Abilities {
  /** The user who has to own the directory; undefined where files have neither owners nor modes. */
  readonly user: () => number | undefined
  /** Whether the names in a directory can be made durable. */
  readonly syncsDirectories: boolean
  /** The codes of operations that fail only while another process has the file open. */
  readonly busyCodes: ReadonlyArray<string>
}

export const posix: Abilities = {
  user: () => process.geteuid?.(),
  syncsDirectories: true,
  busyCodes: []
}

export const windows: Abilities = {
  user: () => undefined,
  syncsDirectories: false,
  busyCodes: ["EACCES", "EBUSY", "EPERM"]
}

export class Platform extends Context.Reference<Platform>()("effect-adobe-pass-node/Platform", {
  defaultValue: (): Abilities => (process.platform === "win32" ? windows : posix)
}) {}

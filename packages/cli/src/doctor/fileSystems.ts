/** File systems that a store should not be on, by the type that Linux gives. */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ExitCode } from "../ExitCode.js"
import type { Finding } from "./check.js"
import { error, note, warning } from "./findings.js"

interface Kind {
  readonly name: string
  readonly problem: "memory" | "network" | "container"
}

const kinds: ReadonlyMap<number, Kind> = new Map([
  [0x0102_1994, { name: "tmpfs", problem: "memory" }],
  [0x8584_58f6, { name: "ramfs", problem: "memory" }],
  [0x6969, { name: "NFS", problem: "network" }],
  [0x517b, { name: "SMB", problem: "network" }],
  [0xfe53_4d42, { name: "SMB", problem: "network" }],
  [0xff53_4d42, { name: "CIFS", problem: "network" }],
  [0x0102_1997, { name: "9P", problem: "network" }],
  [0x00c3_6400, { name: "Ceph", problem: "network" }],
  [0x794c_7630, { name: "overlayfs", problem: "container" }]
])

/** What a store in a directory on a file system of this type has to fear. */
export const judge = (directory: string, type: number): ReadonlyArray<Finding> => {
  const kind = kinds.get(type)
  switch (kind?.problem) {
    case undefined:
      return []
    case "memory":
      return [
        warning(
          `${directory} is in memory (${kind?.name}): credentials are lost with a reboot, and users have to sign in again.`,
          "Choose a directory on a disk."
        )
      ]
    case "network":
      return [
        warning(
          `${directory} is on a network file system (${kind?.name}), which neither locks nor syncs reliably.`,
          "Choose a directory on a disk of this machine; for several machines take PostgreSQL or Redis."
        )
      ]
    case "container":
      return [
        note(
          `${directory} is in the layers of a container (${kind?.name}), and is lost with it.`,
          "Mount a volume there, unless the container is for a try."
        )
      ]
  }
}

const mebibyte = 1_048_576

/** A record has about two kilobytes; each is written beside the old one. */
const space = (directory: string, free: number): ReadonlyArray<Finding> => {
  const left = `${Math.floor(free / mebibyte)} MiB are left on the disk of ${directory}`
  if (free < mebibyte) {
    return [error(ExitCode.store, `${left}: new credentials cannot be saved.`, "Make room there.")]
  }
  return free < 64 * mebibyte ? [warning(`${left}.`, "Make room there before it is full.")] : []
}

/** The nearest directory above that exists. */
export const existing = (directory: string): Effect.Effect<string> =>
  Effect.flatMap(Effect.option(Effect.tryPromise(() => fs.stat(directory))), (found) =>
    Option.isSome(found) || path.dirname(directory) === directory
      ? Effect.succeed(directory)
      : existing(path.dirname(directory))
  )

/** What the file system of a directory tells; nothing where it cannot be asked. */
export const check = (directory: string): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.tryPromise(() => fs.statfs(directory)).pipe(
    Effect.map(({ bavail, bsize, type }) => [
      ...(process.platform === "linux" ? judge(directory, type) : []),
      ...space(directory, bavail * bsize)
    ]),
    Effect.orElseSucceed(() => [])
  )

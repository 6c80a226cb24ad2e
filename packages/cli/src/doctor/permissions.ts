/** Who may read and write a file, where the platform has file modes. */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Finding } from "./check.js"
import { warning } from "./findings.js"

export interface Permissions {
  readonly isPrivate: boolean
  readonly isReadByAll: boolean
  readonly isWrittenByOthers: boolean
  /** Neither this user's nor the administrator's. */
  readonly isForeign: boolean
}

const closed: Permissions = {
  isPrivate: true,
  isReadByAll: false,
  isWrittenByOthers: false,
  isForeign: false
}

/** The permissions of a file or directory; private where there are no modes. */
export const of = (file: string): Effect.Effect<Permissions, PlatformError, FileSystem.FileSystem> =>
  Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (fs) => fs.stat(file)),
    ({ mode, uid }) => {
      const user = process.getuid?.()
      return user === undefined
        ? closed
        : {
            isPrivate: (mode & 0o077) === 0,
            isReadByAll: (mode & 0o004) !== 0,
            isWrittenByOthers: (mode & 0o022) !== 0,
            isForeign: Option.exists(uid, (owner) => owner !== user && owner !== 0)
          }
    }
  )

/** What is wrong with the permissions of a file that holds a secret. */
export const ofSecret = (
  what: string,
  file: string
): Effect.Effect<ReadonlyArray<Finding>, PlatformError, FileSystem.FileSystem> =>
  Effect.map(of(file), ({ isReadByAll, isWrittenByOthers }) =>
    isReadByAll || isWrittenByOthers
      ? [
          warning(
            `Other users of this machine can ${isWrittenByOthers ? "write" : "read"} ${what} (${file}).`,
            `Run chmod 600 ${file}.`
          )
        ]
      : []
  )

import { lstatSync, mkdirSync } from "node:fs"
import * as module from "node:module"
import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"

/** The directory of this user for what can be made again. */
const cacheDirectory = (): string => {
  const given = process.env["XDG_CACHE_HOME"]
  return join(
    given !== undefined && isAbsolute(given) ? given : join(homedir(), ".cache"),
    "adobe-pass",
    "compiled"
  )
}

/** Whether only this user can write to it: whoever can, decides what the next run does. */
const isPrivate = (directory: string): boolean => {
  const { mode, uid } = lstatSync(directory)
  return process.platform === "win32" || (uid === process.getuid?.() && (mode & 0o022) === 0)
}

/**
 * Keeps compiled code between runs, where Node.js can (22.8 and newer). Node's own place for it lies below the temporary
 * directory, where another user may have been first.
 */
export const enableCompileCache = (): void => {
  if (!("enableCompileCache" in module) || typeof module.enableCompileCache !== "function") return
  const directory = cacheDirectory()
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (isPrivate(directory)) module.enableCompileCache(directory)
  } catch {
    // A home that cannot be written to, as in a container: the run compiles for itself.
  }
}

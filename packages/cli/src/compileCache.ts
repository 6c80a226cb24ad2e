import * as module from "node:module"

/** Keeps compiled code between runs, where Node.js can (22.8 and newer). */
export const enableCompileCache = (): void => {
  if ("enableCompileCache" in module && typeof module.enableCompileCache === "function") {
    module.enableCompileCache()
  }
}

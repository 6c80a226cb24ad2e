/** Opens an address in the browser of the desktop. */
import { spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Output from "../Output.js"

const opener = (url: string): readonly [command: string, args: ReadonlyArray<string>] => {
  switch (process.platform) {
    case "darwin":
      return ["open", [url]]
    case "win32":
      return ["cmd", ["/c", "start", '""', url]]
    default:
      return ["xdg-open", [url]]
  }
}

/** Whether the opener has done its work; some of them stay as long as the browser does. */
const opened = (url: string): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const [command, args] = opener(url)
    const child = spawn(command, args, { stdio: "ignore", detached: true })
    child.once("error", () => resume(Effect.succeed(false)))
    child.once("exit", (code) => resume(Effect.succeed(code === 0)))
    child.unref()
  })

/** A machine without a browser gets a note. */
export const openBrowser = (url: string): Effect.Effect<void, never, Output.Output> =>
  Effect.flatMap(opened(url), (isOpen) =>
    isOpen ? Effect.void : Output.note(`No browser could be opened; the console is at ${url}`)
  )

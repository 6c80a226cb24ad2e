import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { afterAll, beforeAll } from "@effect/vitest"
import { Data, Effect, Schema, type Scope } from "effect"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { describeWith } from "./servers.js"

/** A page did not do what was asked of it. */
export class BrowserError extends Data.TaggedError("BrowserError")<{ readonly message: string }> {}

/** The Chromium of this machine, whatever it is called. */
const binary = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
].find((path) => path !== undefined && path !== "" && existsSync(path))

/** Tests that need a browser. */
export const describeBrowser = describeWith(
  binary === undefined ? "there is no chromium; name one by CHROMIUM" : undefined
)

/** What a test does with a page: a rejection of the browser is a failure with its message. */
export const doing = <A>(what: () => Promise<A>): Effect.Effect<A, BrowserError> =>
  Effect.tryPromise({
    try: what,
    catch: (error) => new BrowserError({ message: error instanceof Error ? error.message : `${error}` })
  })

import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "@effect/vitest"
import axe from "axe-core"
import { Data, Effect, Schema, type Scope } from "effect"
import { type Browser, chromium, type Page } from "playwright-core"
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
].find((path) => path !== undefined && existsSync(path))

/** Tests that need a browser. They share one, so they run one after another. */
export const describeBrowser = (name: string, tests: () => void): void =>
  describeWith(binary === undefined ? "there is no chromium on this machine, nor in CHROMIUM" : undefined)(
    name,
    tests,
    { concurrent: false }
  )

/** What a test does with a page. A rejection of the browser is a failure with its message. */
export const doing = <A>(what: () => Promise<A>): Effect.Effect<A, BrowserError> =>
  Effect.tryPromise({
    try: what,
    catch: (error) => new BrowserError({ message: error instanceof Error ? error.message : `${error}` })
  })

/** One browser for the tests of a file. */
export const sharedBrowser = (): Effect.Effect<Browser, BrowserError> => {
  let running: Browser | undefined
  beforeAll(async () => {
    if (binary === undefined) return
    const isRoot = process.getuid?.() === 0
    running = await chromium.launch({ executablePath: binary, args: isRoot ? ["--no-sandbox"] : [] })
  })
  afterAll(async () => {
    await running?.close()
  })
  return Effect.suspend(() =>
    running === undefined ? new BrowserError({ message: "there is no chromium" }) : Effect.succeed(running)
  )
}

export const phone = 360
export const desktop = 1280

export interface OpenOptions {
  readonly width?: number
  readonly dark?: boolean
  readonly javaScript?: boolean
}

/** A page with what it asked for and complained about. */
export interface Opened {
  readonly page: Page
  /** The origins of all requests that it made. */
  readonly origins: ReadonlySet<string>
  /** Errors of scripts and of the content security policy. */
  readonly complaints: ReadonlyArray<string>
}

/** A page in a profile of its own, which is gone when the scope ends. */
export const open = (
  browser: Effect.Effect<Browser, BrowserError>,
  { dark = false, javaScript = true, width = desktop }: OpenOptions = {}
): Effect.Effect<Opened, BrowserError, Scope.Scope> =>
  Effect.gen(function* () {
    const running = yield* browser
    const context = yield* Effect.acquireRelease(
      doing(() =>
        running.newContext({
          viewport: { width, height: width === phone ? 740 : 800 },
          colorScheme: dark ? "dark" : "light",
          javaScriptEnabled: javaScript
        })
      ),
      (context) => Effect.promise(() => context.close())
    )
    const page = yield* doing(() => context.newPage())
    const origins = new Set<string>()
    const complaints: Array<string> = []
    page.on("request", (request) => {
      if (!request.url().startsWith("data:")) origins.add(new URL(request.url()).origin)
    })
    page.on("pageerror", (error) => complaints.push(error.message))
    page.on("console", (message) => {
      // A page may answer with an error status, on purpose.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        complaints.push(message.text())
      }
    })
    return { page, origins, complaints }
  })

/** How bad axe-core thinks that a fault is. */
const Impact = Schema.Literal("minor", "moderate", "serious", "critical")

const decodeFaults = Schema.decodeUnknownSync(
  Schema.Struct({
    violations: Schema.Array(
      Schema.Struct({
        id: Schema.String,
        impact: Schema.NullishOr(Impact),
        help: Schema.String,
        nodes: Schema.Array(Schema.Struct({ html: Schema.String }))
      })
    )
  })
)

/** Expects that axe-core finds nothing of these impacts on the page, and that nothing needs scrolling sideways. */
export const expectAccessible = (
  { page }: Opened,
  impacts: ReadonlyArray<typeof Impact.Type> = Impact.literals
): Effect.Effect<void, BrowserError> =>
  Effect.gen(function* () {
    yield* doing(() => page.evaluate(axe.source))
    const { violations } = decodeFaults(yield* doing(() => page.evaluate("axe.run()")))
    const faults = violations.filter(({ impact }) => impact == null || impacts.includes(impact))
    expect(faults.map(({ help, id, nodes }) => [id, help, nodes.map(({ html }) => html)])).toEqual([])
    const isWider = yield* doing(() => page.evaluate("document.documentElement.scrollWidth > innerWidth"))
    expect(isWider).toBe(false)
  })

/** Saves how the page looks into the directory of the variable `SCREENSHOTS`, if there is one. */
export const screenshot = ({ page }: Opened, name: string): Effect.Effect<void, BrowserError> =>
  Effect.suspend(() => {
    const directory = process.env["SCREENSHOTS"]
    if (directory === undefined || directory === "") return Effect.void
    mkdirSync(directory, { recursive: true })
    return Effect.asVoid(
      doing(() => page.screenshot({ path: join(directory, `${name}.png`), fullPage: true }))
    )
  })

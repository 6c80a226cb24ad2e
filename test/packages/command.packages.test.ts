/** The command `adobe-pass` as a user gets it: packed, installed without dependencies, and run under each Node.js. */
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { version } from "effect-adobe-pass-cli/version"
import { root } from "../docs/sources.js"
import { describeWith } from "../support/servers.js"
import { run } from "./support.js"

const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-command-"))
const folder = join(directory, "installed")
const tarball = join(directory, `effect-adobe-pass-cli-${version}.tgz`)
const tool = (name: string) => `${root}node_modules/.bin/${name}`

beforeAll(async () => {
  mkdirSync(folder)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true }))
  await run(root, ["npm", "pack", "--workspace", "packages/cli", "--pack-destination", directory])
  await run(folder, ["npm", "install", "--offline", "--no-audit", "--no-fund", tarball])
})

afterAll(() => rm(directory, { recursive: true, force: true }))

describe("the tarball of effect-adobe-pass-cli", () => {
  it("holds the bundle, its license, those of what is bundled, and its README", async () => {
    const files = (await run(root, ["tar", "-tzf", tarball])).split("\n")
    const expected = ["LICENSE", "README.md", "package.json", "dist/adobe-pass.js", "dist/LICENSES.txt"]
    assert.includeMembers(
      files,
      expected.map((file) => `package/${file}`)
    )
  })

  it("has no fault that publint or attw knows", async () => {
    await run(root, [tool("publint"), "run", "--strict", tarball])
    await run(root, [tool("attw"), "--profile", "esm-only", "--format", "ascii", tarball])
  })

  it("installs without dependencies", () => {
    const lock: unknown = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"))
    assert.deepStrictEqual(Object.keys(Object(lock).packages), ["node_modules/effect-adobe-pass-cli"])
  })

  it("names the license of all that is bundled", () => {
    const notices = readFileSync(join(folder, "node_modules/effect-adobe-pass-cli/dist/LICENSES.txt"), "utf8")
    for (const name of ["effect", "@effect/cli", "undici", "ioredis", "pg"]) {
      assert.match(notices, new RegExp(`^${name} \\d+\\.`, "m"))
    }
  })
})

const versions = ["20.19.0", "22", "24", "26"] as const

/** A command that runs until the function is called, and the first line that it has written. */
const start = async (env: NodeJS.ProcessEnv, args: ReadonlyArray<string>) => {
  const script = join(folder, "node_modules/.bin/adobe-pass")
  const child = spawn(script, [...args], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] })
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve))
  for await (const line of createInterface({ input: child.stdout })) {
    const stop = async () => {
      child.kill("SIGTERM")
      return await ended
    }
    return { line, stop }
  }
  throw new Error(`adobe-pass ${args.join(" ")} has ended with ${await ended}`)
}

const missing =
  process.platform === "linux" && process.arch === "x64"
    ? undefined
    : "other versions of Node.js come from npm for Linux on x64"

describeWith(missing)(
  "adobe-pass under Node.js",
  () => {
    it.each(versions)("%s registers, gets a token and calls the API of its own emulator", async (version) => {
      const home = join(directory, `home-${version}`)
      mkdirSync(home)
      const node = await run(root, [process.execPath, `${root}scripts/node.mjs`, version])
      const path = [dirname(node.trim()), process.env["PATH"]].join(delimiter)
      const env = { PATH: path, HOME: home }
      assert.match(await run(folder, ["node", "--version"], env), new RegExp(`^v${version}`))
      const written = await run(folder, ["npx", "--no-install", "adobe-pass", "--version"], env)
      assert.match(written, /^\d+\.\d+\.\d+\n$/)

      const emulator = await start(env, ["emulate", "--port", "0", "--json", "--quiet"])
      const { environment } = Object(JSON.parse(emulator.line))
      const caller = { ...env, ...environment }
      const adobePass = (...args: ReadonlyArray<string>) =>
        run(folder, [join(folder, "node_modules/.bin/adobe-pass"), ...args], caller)
      assert.match(await adobePass("register"), /^Registered in emulator/)
      assert.match(await adobePass("token"), /^eyJ/)
      assert.include(await adobePass("call", "GET", "/api/v2/ACME/configuration"), "NorthCable")
      assert.strictEqual(await emulator.stop(), 0)
    })
  },
  { concurrent: false }
)

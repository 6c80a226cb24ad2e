/** The image, as far as it goes without an engine: its Dockerfile, its build stage, and the files of its last stage. */
import { existsSync, mkdtempSync, readFileSync, statSync } from "node:fs"
import { cp, mkdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { version } from "effect-adobe-pass-cli/version"
import { root } from "../docs/sources.js"
import { run } from "./support.js"

interface Instruction {
  readonly name: string
  readonly value: string
}

const lines = (file: string): ReadonlyArray<string> =>
  readFileSync(`${root}packages/cli/${file}`, "utf8")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))

const instructions = lines("Dockerfile").map((line): Instruction => {
  const [name = "", ...words] = line.split(" ")
  return { name, value: words.join(" ") }
})

const lastFrom = instructions.findLastIndex(({ name }) => name === "FROM")
const stages = { build: instructions.slice(0, lastFrom), last: instructions.slice(lastFrom) }

const all = (stage: ReadonlyArray<Instruction>, wanted: string): ReadonlyArray<string> =>
  stage.filter(({ name }) => name === wanted).map(({ value }) => value)

/** The words of a COPY, without its options. */
const copied = (value: string) => value.split(" ").filter((word) => !word.startsWith("--"))

/** What is run without a shell: JSON, of which the first word is a program of the image. */
const executed = (value: string): ReadonlyArray<string> => JSON.parse(value.slice(value.indexOf("[")))

const ignored = lines("Dockerfile.dockerignore")
const isIgnored = (path: string): boolean =>
  ignored.some((pattern) =>
    pattern.startsWith("**/")
      ? path
          .split("/")
          .some((part) => (pattern[3] === "*" ? part.endsWith(pattern.slice(4)) : part === pattern.slice(3)))
      : path === pattern || path.startsWith(`${pattern}/`)
  )

describe("the Dockerfile", () => {
  it("builds in one stage, and ends in another one without a shell, as a user without rights", () => {
    assert.lengthOf(all(instructions, "FROM"), 2)
    assert.match(all(stages.build, "FROM")[0] ?? "", / AS build$/)
    assert.match(all(stages.last, "FROM")[0] ?? "", /^gcr\.io\/distroless\/nodejs\d+-debian\d+:nonroot$/)
    assert.deepStrictEqual(all(stages.last, "RUN"), [])
    const [user = "0"] = all(stages.last, "USER")
    assert.match(user, /^[1-9]\d*:[1-9]\d*$/)
  })

  it("runs its command and its health check without a shell", () => {
    const [entrypoint = ""] = all(stages.last, "ENTRYPOINT")
    const [healthcheck = ""] = all(stages.last, "HEALTHCHECK")
    const command = executed(entrypoint)
    assert.deepStrictEqual(command, ["/nodejs/bin/node", "/app/dist/adobe-pass.js"])
    assert.match(healthcheck, / CMD \[/)
    assert.deepStrictEqual(executed(healthcheck).slice(0, 2), command)
  })

  it("keeps the store in a volume, and no secret in the image", () => {
    const [volume = ""] = all(stages.last, "VOLUME")
    assert.deepStrictEqual(all(stages.last, "ENV"), [`ADOBE_PASS_STORE_DIRECTORY=${executed(volume)[0]}`])
    assert.deepStrictEqual(all(instructions, "ARG"), [])
    for (const path of [".env", ".adobe-pass/keys", "packages/cli/node_modules/x", ".git/config"]) {
      assert.isTrue(isIgnored(path), path)
    }
  })
})

describe("the image", () => {
  const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-image-"))
  const source = join(directory, "source")
  const image = join(directory, "image")

  /** Where a path of the build stage stands here. */
  const built = (path: string) => join(source, path.replace(/^\/source\//, ""))

  beforeAll(async () => {
    const tracked = (await run(root, ["git", "ls-files", "-co", "--exclude-standard", "-z"])).split("\0")
    for (const path of tracked) {
      if (path === "" || isIgnored(path) || !existsSync(`${root}${path}`)) continue
      await mkdir(dirname(join(source, path)), { recursive: true })
      await cp(`${root}${path}`, join(source, path))
    }
    assert.deepStrictEqual(all(stages.build, "COPY"), [". ."])
    for (const command of all(stages.build, "RUN")) await run(source, ["sh", "-c", command])
    for (const value of all(stages.last, "COPY")) {
      assert.match(value, /^--from=build /)
      const [from = "", to = ""] = copied(value)
      await cp(built(from), join(image, to), { recursive: true })
    }
  })

  afterAll(() => rm(directory, { recursive: true, force: true }))

  /** Its command with an environment that has nothing else. */
  const command = (...args: ReadonlyArray<string>) => {
    const [, script = ""] = executed(all(stages.last, "ENTRYPOINT")[0] ?? "[]")
    return run(directory, ["env", "-i", process.execPath, join(image, script), ...args])
  }

  it("runs with the files of its last stage alone", async () => {
    assert.strictEqual(await command("--version"), `${version}\n`)
    assert.match(await command("emulate", "--help"), /--export-on-exit/)
  })

  it("has a directory for the store that only its user can read", () => {
    const [path = ""] = executed(all(stages.last, "VOLUME")[0] ?? "[]")
    const store = path.replace("/data/", "/source/image/")
    assert.strictEqual(statSync(built(store)).mode & 0o777, 0o700)
  })
})

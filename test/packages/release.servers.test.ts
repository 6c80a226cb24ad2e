/** `npm run release` in a workspace of three packages, with a registry on a port of this machine. */
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { root } from "../docs/sources.js"
import { run } from "./support.js"

const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-release-test-"))
const home = mkdtempSync(join(tmpdir(), "effect-adobe-pass-release-home-"))

/** What npm sends to publish a package. */
const Published = Schema.parseJson(
  Schema.Struct({
    name: Schema.String,
    "dist-tags": Schema.Record({ key: Schema.String, value: Schema.String }),
    versions: Schema.Record({ key: Schema.String, value: Schema.Unknown })
  })
)

/** The registry: what was published, in order, and the name that it refuses. */
const registry = { published: new Map<string, string>(), refused: "" }
const tags: Array<string> = []

const body = async (request: AsyncIterable<Buffer>) => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}

const server: Server = createServer(async (request, response) => {
  const answer = (status: number, text: string) =>
    response.writeHead(status, { "content-type": "application/json" }).end(text)
  if (request.method !== "PUT") {
    const found = registry.published.get(decodeURIComponent(request.url?.slice(1) ?? ""))
    return found === undefined ? answer(404, '{"error":"not found"}') : answer(200, found)
  }
  const text = await body(request)
  const { "dist-tags": distTags, name } = Schema.decodeSync(Published)(text)
  if (name === registry.refused) return answer(403, '{"error":"refused"}')
  registry.published.set(name, text)
  tags.push(...Object.keys(distTags))
  return answer(201, '{"ok":true}')
})

/** The release in the workspace: what it writes, and its exit code. */
const release = (...flags: ReadonlyArray<string>) => releaseWith({}, ...flags)
const releaseWith = async (env: NodeJS.ProcessEnv, ...flags: ReadonlyArray<string>) => {
  const address = server.address()
  const port = address !== null && typeof address === "object" ? address.port : 0
  const url = `http://127.0.0.1:${port}/`
  writeFileSync(join(home, ".npmrc"), `//127.0.0.1:${port}/:_authToken=none\nfetch-retries=0\n`)
  const child = spawn(
    process.execPath,
    [`${root}scripts/release.mjs`, "--registry", url, "--without-provenance", ...flags],
    {
      cwd: directory,
      env: { PATH: process.env["PATH"], HOME: home, NPM_CONFIG_USERCONFIG: join(home, ".npmrc"), ...env },
      stdio: ["ignore", "pipe", "pipe"]
    }
  )
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  const [stdout, stderr] = await Promise.all([body(child.stdout), body(child.stderr)])
  return { code: await ended, written: stdout + stderr }
}

const git = (...args: ReadonlyArray<string>) =>
  run(directory, ["git", "-c", "user.name=Test", "-c", "user.email=test@localhost", ...args])
const commit = async () => {
  await git("add", "--all")
  await git("commit", "--quiet", "--message", "Change")
}

const write = (path: string, text: string) => {
  mkdirSync(join(directory, path, ".."), { recursive: true })
  writeFileSync(join(directory, path), text)
}
const files = ["AGENTS.md", "CHANGELOG.md"]
const repository = { type: "git", url: "git+https://git.example/adobe-pass.git" }
const writeManifest = (name: string, rest: object) =>
  write(
    `packages/${name}/package.json`,
    JSON.stringify({ name: `release-test-${name}`, version: "0.3.0", repository, files, ...rest })
  )

const needs = {
  command: { devDependencies: { "release-test-store": "^0.3.0", "release-test-library": "^0.3.0" } },
  store: { peerDependencies: { "release-test-library": "^0.3.0" } },
  library: {}
}
const names = ["command", "store", "library"] as const

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  write(
    "package.json",
    JSON.stringify({ name: "w", private: true, workspaces: names.map((name) => `packages/${name}`) })
  )
  write(".changeset/README.md", "# Changesets\n")
  for (const name of names) {
    writeManifest(name, needs[name])
    for (const file of ["README.md", "LICENSE", "AGENTS.md"]) write(`packages/${name}/${file}`, "Text.\n")
    write(`packages/${name}/CHANGELOG.md`, `# ${name}\n\n## 0.3.0\n\nThe first one.\n`)
  }
  await git("init", "--quiet", "--initial-branch", "main")
  await commit()
})

afterEach(async () => {
  await git("checkout", "--quiet", "--force", "main")
  await git("clean", "--quiet", "--force", "-d")
})

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(directory, { recursive: true, force: true })
  await rm(home, { recursive: true, force: true })
})

describe("npm run release", { concurrent: false }, () => {
  it("shows with --dry-run what would be published, and publishes nothing", async () => {
    const { code, written } = await release("--dry-run")
    assert.strictEqual(code, 0, written)
    assert.match(
      written,
      /release-test-library@0\.3\.0\n +registry +does not have[\s\S]*?files +5,[\s\S]*?tag +latest/
    )
    assert.match(written, /Nothing was published\.\n$/)
    assert.strictEqual(registry.published.size, 0)
  })

  it("publishes nothing when npm has taken --dry-run for itself", async () => {
    const { code, written } = await releaseWith({ npm_config_dry_run: "true" })
    assert.deepStrictEqual([code, registry.published.size], [0, 0], written)
    assert.match(written, /Nothing was published\.\n$/)
  })

  it("says in one sentence for each fault what to do, and publishes nothing", async () => {
    writeManifest("library", { repository: undefined, version: "0.4.0", files: [] })
    writeManifest("store", { peerDependencies: { "release-test-library": "*" } })
    write(".changeset/brave-dogs.md", '---\n"release-test-store": patch\n---\n\nMends it.\n')
    await git("checkout", "--quiet", "-b", "other")
    const shown = await release("--dry-run")
    for (const sentence of [
      /^- Commit or remove what git status shows\.$/m,
      /^- Release from main; this is other\.$/m,
      /^- Run npm run versions and commit: brave-dogs\.md still wait\.$/m,
      /^- Give all packages one version; there are 0\.4\.0, 0\.3\.0\.$/m,
      /^- Give the peers of this workspace the range \^0\.4\.0 instead of \* in packages\/store\.$/m,
      /^- Set "repository" .* in the package\.json of packages\/library: provenance needs /m,
      /^- Describe 0\.4\.0 in packages\/library\/CHANGELOG\.md/m,
      /^- Add AGENTS\.md to packages\/library, /m
    ]) {
      assert.match(shown.written, sentence)
    }
    const refused = await release()
    assert.deepStrictEqual([shown.code, refused.code, registry.published.size], [1, 1, 0], refused.written)
  })

  it("publishes a package after those that it needs, and stops at the first failure", async () => {
    registry.refused = "release-test-store"
    const { code, written } = await release()
    assert.strictEqual(code, 1)
    assert.match(written, /npm publish .*release-test-store-0\.3\.0\.tgz .* failed/)
    assert.deepStrictEqual([...registry.published.keys()], ["release-test-library"])
  })

  it("goes on where it has stopped when it is run again", async () => {
    registry.refused = ""
    const { code, written } = await release()
    assert.strictEqual(code, 0, written)
    assert.match(written, /release-test-library@0\.3\.0\n +registry +has this version, so it is skipped/)
    assert.deepStrictEqual(
      [...registry.published.keys()],
      ["release-test-library", "release-test-store", "release-test-command"]
    )
    assert.deepStrictEqual(tags, ["latest", "latest", "latest"])
  })

  it("publishes nothing twice", async () => {
    registry.refused = "release-test-library"
    const { code, written } = await release()
    assert.strictEqual(code, 0, written)
    assert.strictEqual(tags.length, 3)
  })

  it("refuses a version of which the registry has other files", async () => {
    write("packages/store/README.md", "Another text.\n")
    const { code, written } = await release("--dry-run")
    assert.strictEqual(code, 1)
    assert.include(
      written,
      "- Raise the version with npm run versions: the registry has another release-test-store@0.3.0 than this one."
    )
    assert.notInclude(written, "another release-test-library")
  })

  it("makes no release without provenance to the registry of the configuration", async () => {
    const words = [`${root}scripts/release.mjs`, "--without-provenance"]
    const refused = await run(directory, [process.execPath, ...words]).catch(String)
    assert.include(refused, "--without-provenance is for another registry: name it with --registry.")
  })

  it("publishes nothing when the registry does not say what it has", async () => {
    await new Promise((resolve) => server.close(resolve))
    const { code, written } = await release()
    assert.strictEqual(code, 1)
    assert.match(written, /does not say whether it has release-test-library@0\.3\.0/)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  })
})

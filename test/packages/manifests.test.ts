import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { version } from "effect-adobe-pass-cli/version"
import { read, root } from "../docs/sources.js"

const Names = Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
  default: () => ({})
})

const Manifest = Schema.parseJson(
  Schema.Struct({
    description: Schema.String,
    engines: Schema.Struct({ node: Schema.String }),
    keywords: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
    scripts: Names,
    peerDependencies: Names,
    devDependencies: Names
  })
)

const manifest = (path: string) => Schema.decodeSync(Manifest)(readFileSync(`${root}${path}`, "utf8"))

const published = ["core", "rest-v2", "node", "sql", "redis", "emulator"] as const

describe.each(published)("the package in packages/%s", (folder) => {
  const { description, keywords, scripts } = manifest(`packages/${folder}/package.json`)

  it("says that it needs Effect 3 and is ESM only, and can be found", () => {
    assert.include(description, "Effect 3")
    assert.match(description, /ESM only$/)
    assert.includeMembers([...keywords], ["adobe-pass", "effect"])
  })

  it("is built before it is packed, and holds the license", () => {
    assert.include(scripts["prepack"], "scripts/build.mjs")
    const license = readFileSync(`${root}packages/${folder}/LICENSE`, "utf8")
    assert.strictEqual(license, readFileSync(`${root}LICENSE`, "utf8"))
  })
})

describe.each([...published, "cli"])("npm publish in packages/%s", (folder) => {
  it("is refused, because npm run release checks and publishes all packages", () => {
    const { scripts } = manifest(`packages/${folder}/package.json`)
    assert.match(scripts["prepublishOnly"] ?? "", /npm run release && exit 1$/)
  })
})

describe("the package in packages/cli", () => {
  const path = "packages/cli/package.json"
  const Installed = Schema.parseJson(
    Schema.Struct({ version: Schema.String, bin: Names, dependencies: Names, peerDependencies: Names })
  )
  const installed = Schema.decodeSync(Installed)(readFileSync(`${root}${path}`, "utf8"))

  it("installs one command, and nothing else", () => {
    assert.deepStrictEqual(installed.bin, { "adobe-pass": "./dist/adobe-pass.js" })
    assert.deepStrictEqual({ ...installed.dependencies, ...installed.peerDependencies }, {})
  })

  it("is bundled before it is packed, and holds the license", () => {
    assert.include(manifest(path).scripts["prepack"], "scripts/bundle.mjs")
    const license = readFileSync(`${root}packages/cli/LICENSE`, "utf8")
    assert.strictEqual(license, readFileSync(`${root}LICENSE`, "utf8"))
  })

  it("has the version that the command says", () => {
    assert.strictEqual(installed.version, version)
  })
})

describe.each([...published, "cli"])("the sources of packages/%s", (folder) => {
  const sources = readdirSync(`${root}packages/${folder}/src`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => read(`packages/${folder}/src/${path}`))

  it("load what they use of Effect, module by module, and no data of languages", () => {
    const costly = /^(?:import|export|\}) .*from "(?:effect|@effect\/[^/"]+)"|\bIntl\.|toLocale/
    const found = sources.flatMap(({ lines, path }) =>
      lines.flatMap((line) => (costly.test(line) && !line.startsWith("/**") ? [`${path}: ${line}`] : []))
    )
    assert.isAbove(sources.length, 1)
    assert.deepStrictEqual(found, [])
  })
})

describe("the lowest Node.js", () => {
  it("is the same in every package", () => {
    const engines = [...published, "cli", "examples"].map(
      (folder) => manifest(`packages/${folder}/package.json`).engines
    )
    assert.deepStrictEqual([...new Set(engines.map(({ node }) => node))], [">=20.19.0"])
    assert.strictEqual(manifest("package.json").engines.node, "^20.19.0 || >=22.12.0")
  })

  it("is what the documents, the installation and the build server say", () => {
    for (const path of ["README.md", "CONTRIBUTING.md", "scripts/setup.mjs", ".ci/run"]) {
      const text = read(path).lines.join("\n")
      assert.include(text, "Node.js 20.19, 22.12 or newer", path)
      assert.notMatch(text, /Node\.js 20 or newer/, path)
    }
    assert.include(read(".github/workflows/check.yml").lines.join("\n"), '"20.19.0"')
  })
})

describe("the install lines of the README", () => {
  it("name the versions of Effect's packages that this repository is tested with", () => {
    const words = read("README.md")
      .lines.filter((line) => line.startsWith("npm install "))
      .flatMap((line) => line.replace(/#.*/, "").split(/\s+/))
    const tested = new Map(
      published.flatMap((folder) =>
        Object.entries(manifest(`packages/${folder}/package.json`).devDependencies)
      )
    )
    const foreign = words.filter((word) => word.startsWith("effect@") || word.startsWith("@effect/"))
    const pinned = foreign.map((word) => {
      const at = word.lastIndexOf("@")
      return { name: word.slice(0, at), version: word.slice(at + 1) }
    })
    assert.includeMembers(
      pinned.map(({ name }) => name),
      ["@effect/platform", "@effect/sql", "@effect/sql-pg", "effect"]
    )
    for (const { name, version } of pinned) {
      assert.isTrue(
        tested.get(name)?.startsWith(`${version}.`),
        `${name}@${version}, not ${tested.get(name)}`
      )
    }
  })
})

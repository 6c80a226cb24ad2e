import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { root } from "../docs/sources.js"
import { isPermissive, type Lock, licenses, path, readLock, render } from "./licenses.js"

const lock = readLock()

describe("the table of licenses", () => {
  it("says what the lock file says; otherwise run npm run licenses", () => {
    assert.strictEqual(readFileSync(root + path, "utf8"), render(lock))
  })

  it("lists what each package is known to bring, and nothing of the development of this repository", () => {
    const listed = new Map(licenses(lock).map(({ comesWith, name }) => [name, comesWith]))
    assert.deepStrictEqual(listed.get("undici"), ["node", "cli"])
    assert.deepStrictEqual(listed.get("ioredis"), ["redis", "cli"])
    assert.includeMembers([...(listed.get("effect") ?? [])], ["core", "sql", "emulator"])
    assert.isTrue(listed.has("@effect/sql"))
    for (const name of ["vitest", "esbuild", "typescript", "effect-adobe-pass"]) {
      assert.isFalse(listed.has(name), name)
    }
  })

  it("has permissive licenses only", () => {
    const others = licenses(lock).filter(({ license }) => !isPermissive(license))
    assert.deepStrictEqual(others, [])
  })
})

describe("a license", () => {
  it("is permissive when each part of it is, or one of its choices", () => {
    assert.isTrue(isPermissive("MIT"))
    assert.isTrue(isPermissive("(MIT OR GPL-3.0)"))
    assert.isTrue(isPermissive("MIT AND ISC"))
    for (const license of ["", "GPL-3.0", "MIT AND GPL-3.0", "UNLICENSED", "SEE LICENSE IN LICENSE.md"]) {
      assert.isFalse(isPermissive(license), license)
    }
  })

  it("of a dependency of a dependency is found where Node.js finds the package", () => {
    const nothing = {
      link: false,
      dependencies: {},
      devDependencies: {},
      optionalDependencies: {},
      peerDependencies: {},
      peerDependenciesMeta: {}
    }
    const empty = { ...nothing, name: undefined, resolved: undefined, version: "1.0.0", license: "MIT" }
    const folders = ["rest-v2", "node", "sql", "redis", "emulator", "cli"]
    const changed: Lock = {
      ...Object.fromEntries(folders.map((folder) => [`packages/${folder}`, empty])),
      "packages/core": { ...empty, dependencies: { outer: "1" }, peerDependencies: { peer: "1" } },
      "node_modules/outer": { ...empty, dependencies: { inner: "2" }, peerDependencies: { unused: "1" } },
      "node_modules/outer/node_modules/inner": { ...empty, version: "2.0.0", license: "GPL-3.0" },
      "node_modules/inner": { ...empty, version: "3.0.0" },
      "node_modules/peer": empty
    }
    assert.deepStrictEqual(
      licenses(changed).map(({ license, name, version }) => `${name} ${version} ${license}`),
      ["inner 2.0.0 GPL-3.0", "outer 1.0.0 MIT", "peer 1.0.0 MIT"]
    )
  })
})

import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { root } from "../docs/sources.js"

const Lock = Schema.parseJson(
  Schema.Struct({
    packages: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        optionalDependencies: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String }))
      })
    })
  })
)

const { packages } = Schema.decodeSync(Lock)(readFileSync(`${root}package-lock.json`, "utf8"))

/** The folders in which Node.js looks for a dependency of the package at `path`, from the inside out. */
const candidates = (path: string, dependency: string): ReadonlyArray<string> =>
  path === ""
    ? [`node_modules/${dependency}`]
    : [
        `${path}/node_modules/${dependency}`,
        ...candidates(path.slice(0, Math.max(0, path.lastIndexOf("/node_modules/"))), dependency)
      ]

describe("the lock file", () => {
  it("has an entry for every optional dependency, because npm ci refuses it otherwise", () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((dependency) => !candidates(path, dependency).some((at) => at in packages))
        .map((dependency) => `${dependency} of ${path}`)
    )
    assert.deepStrictEqual(missing, [])
  })
})

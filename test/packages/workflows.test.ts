/** The workflows of the build server, as text: there is no parser of YAML among the dependencies. */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { root } from "../docs/sources.js"

const directory = `${root}.github/workflows/`

const workflows = readdirSync(directory).map((name) => ({
  name,
  lines: readFileSync(directory + name, "utf8").split("\n")
}))

/** The lines that are indented below a key, up to the next key of its level. */
const below = (lines: ReadonlyArray<string>, key: string): ReadonlyArray<string> => {
  const start = lines.indexOf(key)
  const indent = key.length - key.trimStart().length
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => line.trim() !== "" && line.length - line.trimStart().length <= indent)
  return start === -1 ? [] : rest.slice(0, end === -1 ? undefined : end)
}

const jobsOf = (lines: ReadonlyArray<string>) =>
  below(lines, "jobs:")
    .filter((line) => /^ {2}\w+:$/.test(line))
    .map((key) => ({ name: key.trim().slice(0, -1), lines: below(lines, key) }))

const used = workflows.flatMap(({ lines }) =>
  lines.flatMap((line) => {
    const [, action = "", reference = ""] = /uses: ([^@\s]+)@(.+)$/.exec(line) ?? []
    return action === "" ? [] : [{ action, reference }]
  })
)

const Scripts = Schema.parseJson(
  Schema.Struct({ scripts: Schema.Record({ key: Schema.String, value: Schema.String }) })
)
const { scripts } = Schema.decodeSync(Scripts)(readFileSync(`${root}package.json`, "utf8"))

describe.each(workflows.map(({ lines, name }) => [name, lines] as const))("the workflow %s", (_, lines) => {
  it("has lines of the simple kind of YAML that it is written in", () => {
    const simple = /^(?: {2})*(?:#.*|(?:- )?[\w-]+:(?: [^\t]*)?)?$/
    assert.deepStrictEqual(
      lines.filter((line) => !simple.test(line)),
      []
    )
  })

  it("may do nothing but read, where a job does not say more", () => {
    const permissions = lines.includes("permissions: {}") ? [] : below(lines, "permissions:")
    assert.isTrue(lines.some((line) => line.startsWith("permissions:")))
    assert.deepStrictEqual(
      permissions.filter((line) => line.trim() !== "" && line !== "  contents: read"),
      []
    )
  })

  it("ends by itself, and leaves no credentials in a clone", () => {
    for (const job of jobsOf(lines)) {
      assert.isTrue(
        job.lines.some((line) => /^ {4}timeout-minutes: \d+$/.test(line)),
        job.name
      )
      const clones = job.lines.filter((line) => line.includes("uses: actions/checkout@"))
      const kept = job.lines.filter((line) => line.trim() === "persist-credentials: false")
      assert.strictEqual(kept.length, clones.length, job.name)
    }
  })

  it("runs only what there is", () => {
    const commands = lines.flatMap((line) => /(?:run|version): (npm .*)$/.exec(line)?.[1] ?? [])
    for (const command of commands) {
      const [, word = "", script = ""] = /^npm (run|\w+)(?: ([\w:]+))?/.exec(command) ?? []
      if (word !== "ci") assert.property(scripts, word === "run" ? script : word)
    }
  })
})

describe("the actions of the workflows", () => {
  it("are pinned by commit, each in one version that stands beside it", () => {
    assert.isAbove(used.length, 5)
    for (const { action, reference } of used) {
      assert.match(reference, /^[\da-f]{40} # v\d+\.\d+\.\d+$/, action)
    }
    const versions = new Set(used.map(({ action, reference }) => `${action}@${reference}`))
    assert.strictEqual(versions.size, new Set(used.map(({ action }) => action)).size)
  })
})

describe("the check", () => {
  const lines = workflows.find(({ name }) => name === "check.yml")?.lines ?? []

  it("runs the quick tests on the lowest Node.js and on each later line, and everything once", () => {
    const [quick, everything] = jobsOf(lines)
    assert.include(quick?.lines ?? [], '        node: ["20.19.0", "22", "24", "26"]')
    assert.include(quick?.lines ?? [], "      - run: npm test")
    assert.include(everything?.lines ?? [], "      - run: bash .ci/run")
  })
})

describe("the release", () => {
  const lines = workflows.find(({ name }) => name === "release.yml")?.lines ?? []
  const jobs = jobsOf(lines)
  const permissionsOf = (name: string) =>
    below(jobs.find((job) => job.name === name)?.lines ?? [], "    permissions:").map((line) =>
      line.replace(/ #.*/, "").trim()
    )

  it("publishes from main alone, when somebody starts it and another one approves", () => {
    const { lines: publish } = jobs.find(({ name }) => name === "publish") ?? { lines: [] }
    assert.include(
      publish,
      "    if: github.event_name == 'workflow_dispatch' && github.ref == 'refs/heads/main'"
    )
    assert.include(publish, "    environment: npm")
    assert.include(publish, "      - run: npm run release")
  })

  it("gives each job what it needs: provenance to one, the pull request to the other", () => {
    assert.sameMembers([...permissionsOf("publish")].filter(Boolean), ["contents: read", "id-token: write"])
    assert.sameMembers([...permissionsOf("version")].filter(Boolean), [
      "contents: write",
      "pull-requests: write"
    ])
  })
})

/** What it takes to install and to start. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Schema } from "effect"
import { build } from "esbuild"
import { type Entry, library, peers } from "../contenders/index.js"
import { output } from "../process.js"
import * as Rounds from "../rounds.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, table, times, withQuartiles } from "../statistics.js"
import { targetOf } from "../target.js"

const plan = { practice: 1, rounds: 7, most: 11, turns: 1, seconds: 60 }

const Manifest = Schema.decodeUnknownSync(
  Schema.parseJson(
    Schema.Struct({
      dependencies: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
        default: () => ({})
      }),
      peerDependencies: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
        default: () => ({})
      }),
      peerDependenciesMeta: Schema.optionalWith(
        Schema.Record({
          key: Schema.String,
          value: Schema.Struct({ optional: Schema.optional(Schema.Boolean) })
        }),
        { default: () => ({}) }
      ),
      files: Schema.optional(Schema.Array(Schema.String))
    })
  )
)

const root = fileURLToPath(new URL("../../../../", import.meta.url))

/** Where a package finds another one: beside it, or further up. */
const find = (name: string, from: string): string | undefined => {
  for (let at = from; at.startsWith(root.slice(0, -1)); at = path.dirname(at)) {
    const candidate = path.join(at, "node_modules", name)
    if (existsSync(path.join(candidate, "package.json"))) return candidate
  }
  return undefined
}

const bytesOf = (entry: string): number => {
  const stat = statSync(entry)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(entry)
    .filter((name) => name !== "node_modules")
    .reduce((sum, name) => sum + bytesOf(path.join(entry, name)), 0)
}

/** What npm installs with a package, by name; a package of this workspace counts as it is published. */
const installed = (name: string): ReadonlyMap<string, number> => {
  const sizes = new Map<string, number>()
  const visited = new Set<string>()
  const visit = (wanted: string, from: string) => {
    const directory = find(wanted, from)
    if (directory === undefined || visited.has(directory)) return
    visited.add(directory)
    const manifest = Manifest(readFileSync(path.join(directory, "package.json"), "utf8"))
    const own = wanted.startsWith("effect-adobe-pass")
      ? (manifest.files ?? []).filter((file) => existsSync(path.join(directory, file)))
      : ["."]
    sizes.set(
      wanted,
      (sizes.get(wanted) ?? 0) + own.reduce((sum, file) => sum + bytesOf(path.join(directory, file)), 0)
    )
    for (const dependency of Object.keys(manifest.dependencies)) visit(dependency, directory)
    for (const peer of Object.keys(manifest.peerDependencies)) {
      if (manifest.peerDependenciesMeta[peer]?.optional !== true) visit(peer, directory)
    }
  }
  visit(name, path.join(root, "packages/benchmarks"))
  return sizes
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
const total = (sizes: ReadonlyMap<string, number>) => [...sizes.values()].reduce((sum, size) => sum + size, 0)

/** In microseconds since the process was started. */
const Took = Schema.Struct({ wall: Schema.Number, processor: Schema.Number })

/** A cold process up to its first answer. */
const cold = (script: string, name: string, baseUrl: string) =>
  Effect.flatMap(
    output(script, { args: [name, JSON.stringify(targetOf(baseUrl))] }),
    Schema.decode(Schema.parseJson(Took))
  )

/** The library's process in one file, beside the others. */
const bundle = Effect.promise(() =>
  build({
    stdin: {
      contents: `
        import { decisions } from "./contender.js"
        import { contender } from "./contenders/ours.js"
        const client = await contender.open(JSON.parse(process.argv[3]))
        if ((await client.call(decisions)) !== 200) throw new Error("no answer")
        const wall = performance.now() * 1000
        const { system, user } = process.cpuUsage()
        console.log(JSON.stringify({ wall, processor: system + user }))
        process.exit(0)`,
      resolveDir: path.join(root, "packages/benchmarks/dist")
    },
    outfile: path.join(root, "packages/benchmarks/dist/startBundle.js"),
    bundle: true,
    format: "esm",
    platform: "node",
    // undici is CommonJS.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);'
    }
  })
)

interface Row {
  readonly name: string
  readonly script: string
  /** What npm installs for it. */
  readonly package: string | undefined
}

const rowOf = ({ name, package: installs }: Entry): Row => ({
  name,
  script: "./startRun.js",
  package: installs
})

const rows: ReadonlyArray<Row> = [
  // It is used with the transport of its own package for Node.js.
  { ...rowOf(library), package: "effect-adobe-pass-node" },
  { name: `${library.name}, bundled`, script: "./startBundle.js", package: undefined },
  { name: "nothing but Effect", script: "./startRun.js", package: undefined },
  ...peers.map(rowOf)
]
const names = rows.map(({ name }) => name)
const [, inOneFile, nothing] = [0, 1, 2] as const

export const start: Scenario = {
  name: "start",
  title: "Installing and starting",
  run: Effect.gen(function* () {
    const { baseUrl } = yield* standIn
    yield* bundle
    const rounds = yield* Rounds.inTurns(
      rows.map(({ name, script }) => cold(script, name, baseUrl)),
      plan
    )
    const sizes = rows.map((row) => (row.package === undefined ? undefined : installed(row.package)))
    const own = sizes[0] ?? new Map<string, number>()
    return {
      claim: `\`npm install effect-adobe-pass-node\` puts ${own.size} packages of ${megabytes(total(own))} on the disk; a process has the answer of its first call after ${times(Rounds.ratio(rounds, 0, nothing).median)} the time in which a program loads nothing but \`effect\`, \`effect/Schema\` and \`@effect/platform\`, and in one file after ${times(Rounds.ratio(rounds, inOneFile, nothing).median)}.`,
      tables: [
        table(
          ["", "to the first call", "wall time", "processor time", "packages", "on the disk"],
          rows.map(({ name }, index) => [
            name,
            `${figure(Rounds.cost(rounds, index) / 1000)} ms`,
            index === 0 ? times(1) : withQuartiles(Rounds.ratio(rounds, index, 0)),
            index === 0 ? times(1) : withQuartiles(Rounds.ratio(rounds, index, 0, "processor")),
            sizes[index] === undefined ? "" : `${sizes[index].size}`,
            sizes[index] === undefined ? "" : megabytes(total(sizes[index]))
          ])
        ) + Rounds.unsteady(rounds, names, "To the first call"),
        table(
          ["`npm install effect-adobe-pass-node` installs", "", "share"],
          [...own]
            .toSorted(([, left], [, right]) => right - left)
            .slice(0, 12)
            .map(([name, size]) => [name, megabytes(size), `${figure((size / total(own)) * 100)} %`])
        )
      ].join("\n\n")
    }
  })
}

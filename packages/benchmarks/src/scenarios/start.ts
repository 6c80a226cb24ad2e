/** S9: what it takes to install and to start. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Schema } from "effect"
import { build } from "esbuild"
import { output } from "../process.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, median, ratio, table, withSpread } from "../statistics.js"
import { targetOf } from "../target.js"

const rounds = 9

const bundled = "effect-adobe-pass, bundled"

const started = [
  "effect-adobe-pass",
  bundled,
  "Effect, Schema and the platform",
  "openid-client",
  "oauth4webapi",
  "@badgateway/oauth2-client",
  "simple-oauth2",
  "google-auth-library",
  "@azure/core-rest-pipeline",
  "hand-written with axios",
  "fetch",
  "undici.request"
]

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

const packageOf = (name: string): string | undefined =>
  name === "fetch" || name === bundled || name === "Effect, Schema and the platform"
    ? undefined
    : name === "undici.request"
      ? "undici"
      : name === "hand-written with axios"
        ? "axios"
        : name

/** The program of `startRun.js` for the library, in one file beside it. */
const bundle = Effect.promise(() =>
  build({
    stdin: {
      contents: `
        import { decisions } from "./contender.js"
        import { ours } from "./contenders/ours.js"
        const client = await ours({ unthrottled: true }).open(JSON.parse(process.argv[3]))
        if ((await client.call(decisions)) !== 200) throw new Error("no answer")
        console.log(performance.now())
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

export const start: Scenario = {
  name: "start",
  title: "Installing and starting",
  run: Effect.gen(function* () {
    const { baseUrl } = yield* standIn
    yield* bundle
    const millis = started.map(() => Array.of<number>())
    for (let round = -1; round < rounds; round++) {
      for (const [index, name] of started.entries()) {
        const took = Number(
          yield* output(name === bundled ? "./startBundle.js" : "./startRun.js", {
            args: [name, JSON.stringify(targetOf(baseUrl))]
          })
        )
        if (round >= 0) millis[index]?.push(took)
      }
    }
    const base = median(millis[0] ?? [])
    const packages = new Map(
      started.map((name) => {
        const found = packageOf(name === "effect-adobe-pass" ? "effect-adobe-pass-node" : name)
        return [name, found === undefined ? new Map<string, number>() : installed(found)] as const
      })
    )
    const own = packages.get("effect-adobe-pass") ?? new Map<string, number>()
    return [
      table(
        ["", "to the first call", "", "packages", "on the disk"],
        started.map((name, index) => {
          const sizes = packages.get(name) ?? new Map<string, number>()
          return [
            name,
            withSpread(millis[index] ?? [], "ms"),
            ratio(median(millis[index] ?? []), base),
            `${sizes.size}`,
            megabytes(total(sizes))
          ]
        })
      ),
      "",
      table(
        ["`npm install effect-adobe-pass-node` installs", "", "share"],
        [...own]
          .toSorted(([, left], [, right]) => right - left)
          .slice(0, 12)
          .map(([name, size]) => [name, megabytes(size), `${figure((size / total(own)) * 100)} %`])
      )
    ].join("\n")
  })
}

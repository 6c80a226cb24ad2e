import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { Schema } from "effect"
import { read, root } from "../docs/sources.js"

/** The packages for programs, and their folders. */
export const folders: Readonly<Record<string, string>> = {
  "effect-adobe-pass": "core",
  "effect-adobe-pass-rest-v2": "rest-v2",
  "effect-adobe-pass-node": "node",
  "effect-adobe-pass-sql": "sql",
  "effect-adobe-pass-redis": "redis",
  "effect-adobe-pass-emulator": "emulator"
}
export const names = Object.keys(folders)

/** The output of a command, or an error that shows it. */
export const run = async (
  cwd: string,
  [command = "", ...args]: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv = process.env
): Promise<string> => {
  try {
    const { stderr, stdout } = await promisify(execFile)(command, args, { cwd, env, maxBuffer: 1e8 })
    return stdout + stderr
  } catch (error) {
    const { stderr = "", stdout = "" }: { readonly stderr?: string; readonly stdout?: string } = Object(error)
    throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`, { cause: error })
  }
}

const Manifest = Schema.parseJson(
  Schema.Struct({
    version: Schema.optionalWith(Schema.String, { default: () => "" }),
    devDependencies: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
      default: () => ({})
    })
  })
)
export const manifest = (path: string) => Schema.decodeSync(Manifest)(readFileSync(path, "utf8"))

/** A command of this repository. */
export const tool = (name: string): string => `${root}node_modules/.bin/${name}`

/** The tarball of a package in the folder that `setup.ts` provides. */
export const tarballIn = (packed: string, name: string): string =>
  join(packed, `${name}-${manifest(`${root}packages/core/package.json`).version}.tgz`)

/** What the install lines of the README give to npm. */
export const installWords = (): ReadonlyArray<string> =>
  read("README.md")
    .lines.flatMap((line) => /^npm install (?<words>[^#]+)/.exec(line)?.groups?.["words"] ?? [])
    .flatMap((words) => words.trim().split(/\s+/))
    .filter((word) => !word.startsWith("-"))

/** The name and the range of a word such as `@effect/platform@0.97`. */
const dependency = (packed: string, word: string): readonly [name: string, range: string] => {
  if (names.includes(word)) return [word, `file:${tarballIn(packed, word)}`]
  const at = word.lastIndexOf("@")
  return [word.slice(0, at), word.slice(at + 1)]
}

/** The manifest of a program that depends on these, with tarballs for the packages of this repository. */
export const consumer = (packed: string, words: ReadonlyArray<string>): string =>
  JSON.stringify({
    name: "consumer",
    private: true,
    type: "module",
    dependencies: Object.fromEntries(words.map((word) => dependency(packed, word)))
  })

/** Managers keep what they download below the folder, because Yarn and Bun take a tarball for what it was before. */
export const cachesIn = (packed: string): NodeJS.ProcessEnv => ({
  ...process.env,
  BUN_INSTALL_CACHE_DIR: join(packed, "bun"),
  DENO_DIR: join(packed, "deno"),
  YARN_CACHE_FOLDER: join(packed, "yarn"),
  YARN_GLOBAL_FOLDER: join(packed, "berry"),
  npm_config_store_dir: join(packed, "pnpm")
})

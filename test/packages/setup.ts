/** What the tests of packages share: every package packed, and the tools of other versions, in one temporary folder. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { root } from "../docs/sources.js"
import { folders, run } from "./support.js"

declare module "vitest" {
  interface ProvidedContext {
    /** The folder with the tarballs, and with the tools below `tools`. */
    readonly packed: string
  }
}

/** They are installed for these tests only. Madge needs the compiler of TypeScript 5 beside it. */
const tools = {
  "@yarnpkg/cli-dist": "4.18.1",
  bun: "1.4.5",
  deno: "2.9.6",
  madge: "8.0.0",
  typescript: "5.9.3",
  yarn: "1.22.22"
}

const pack = (directory: string) => {
  const workspaces = Object.values(folders).flatMap((folder) => ["--workspace", `packages/${folder}`])
  return run(root, ["npm", "pack", ...workspaces, "--pack-destination", directory])
}

const installTools = (directory: string) => {
  mkdirSync(directory)
  const manifest = { name: "tools", private: true, dependencies: tools }
  writeFileSync(join(directory, "package.json"), JSON.stringify(manifest))
  return run(directory, ["npm", "install", "--no-audit", "--no-fund"])
}

export default async ({ provide }: TestProject) => {
  const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-packed-"))
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    await Promise.all([pack(directory), installTools(join(directory, "tools"))])
  } catch (error) {
    await remove()
    throw error
  }
  provide("packed", directory)
  return remove
}

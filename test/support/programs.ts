/** A directory for the bundles of `useProgram`, which the test files of a run share. */
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  export interface ProvidedContext {
    readonly programs: string
  }
}

export default async (project: TestProject) => {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), "effect-adobe-pass-programs-"))
  project.provide("programs", directory)
  // The sources may have changed.
  project.onTestsRerun(async () => {
    for (const bundle of await fs.readdir(directory)) {
      await fs.rm(path.join(directory, bundle), { recursive: true, force: true })
    }
  })
  return () => fs.rm(directory, { recursive: true, force: true })
}

import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

const conditions = ["effect-adobe-pass-source", "module", "node", "default"]

/** Whoever starts servers, or processes of this repository, says so in the name of the file. */
const servers = "test/**/*.servers.test.ts"
const processes = "test/**/*.processes.test.ts"
/** Whoever installs packages from the registry, as well. */
const packages = "test/**/*.packages.test.ts"

/** Limits are for tests that hang: each is more than ten times what the longest test of its project takes. */
const minutes = (limit: number) => ({ testTimeout: limit * 60_000, hookTimeout: limit * 60_000 })

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    // Importing takes as long as testing: the files that a process runs share their modules.
    isolate: false,
    // The tests of the documents are written there, and import from source as all others do.
    server: { deps: { inline: [/effect-adobe-pass-runs-/] } },
    // Most tests wait more than they compute.
    maxWorkers: Math.max(2, availableParallelism()),
    minWorkers: 1,
    projects: [
      {
        extends: true,
        test: {
          name: "quick",
          include: ["test/**/*.test.ts"],
          exclude: [servers, processes, packages],
          ...minutes(5)
        }
      },
      { extends: true, test: { name: "servers", include: [servers], maxConcurrency: 3, ...minutes(10) } },
      {
        extends: true,
        test: {
          name: "processes",
          include: [processes],
          // Files that start the same program share its bundle.
          globalSetup: "test/support/programs.ts",
          maxConcurrency: 1,
          ...minutes(30)
        }
      },
      {
        extends: true,
        test: {
          name: "packages",
          include: [packages],
          globalSetup: "test/packages/setup.ts",
          ...minutes(30)
        }
      }
    ]
  }
})

// Builds the package in the working directory from nothing, so that its tarball holds no module that was removed.
import { spawnSync } from "node:child_process"
import { rmSync } from "node:fs"
import { fileURLToPath } from "node:url"

for (const output of ["dist", "tsconfig.tsbuildinfo"]) rmSync(output, { recursive: true, force: true })
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url))
const { status } = spawnSync(process.execPath, [tsc, "-b"], { stdio: "inherit" })
process.exit(status ?? 1)

#!/usr/bin/env node
/** The program `adobe-pass`. What it runs is loaded behind the cache of compiled code, and not to say its version. */
import { enableCompileCache } from "./compileCache.js"
import { version } from "./version.js"

if (process.argv.length === 3 && process.argv[2] === "--version") {
  process.stdout.write(`${version}\n`)
} else {
  enableCompileCache()
  void import("./run.js").then(({ run }) => run(process.argv))
}

#!/usr/bin/env node
/** The program `adobe-pass`. What it runs is loaded behind the cache of compiled code. */
import { enableCompileCache } from "./compileCache.js"

enableCompileCache()
void import("./run.js").then(({ run }) => run(process.argv))

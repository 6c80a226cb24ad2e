#!/usr/bin/env node
/** The program `adobe-pass`. */
import { enableCompileCache } from "./compileCache.js"

enableCompileCache()
void import("./run.js").then(({ run }) => run(process.argv))

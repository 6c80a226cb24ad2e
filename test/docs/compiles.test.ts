import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "@effect/vitest"
import { type CodeBlock, codeBlocks, documents, publicModules, root } from "./sources.js"

const fileName = ({ offset, path }: CodeBlock): string => `${path.replaceAll("/", "__")}__${offset}.ts`

const tsconfig = (blocks: ReadonlyArray<CodeBlock>): string =>
  JSON.stringify({
    extends: "../../../tsconfig.base.json",
    compilerOptions: {
      composite: false,
      incremental: false,
      declarationMap: false,
      noEmit: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      rootDir: "../../.."
    },
    files: blocks.map(fileName)
  })

interface CompilerOutput {
  readonly stdout: string
}

/** Every message of the compiler, with the line of the document it is about. */
const compile = async (blocks: ReadonlyArray<CodeBlock>): Promise<string> => {
  const cache = join(root, "node_modules/.cache")
  mkdirSync(cache, { recursive: true })
  const directory = mkdtempSync(join(cache, "effect-adobe-pass-docs-"))
  try {
    for (const block of blocks) {
      // Blank lines in front keep the line numbers.
      writeFileSync(
        join(directory, fileName(block)),
        `${"\n".repeat(block.offset)}${block.code.join("\n")}\nexport {}\n`
      )
    }
    writeFileSync(join(directory, "tsconfig.json"), tsconfig(blocks))
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    const output: CompilerOutput = await promisify(execFile)(process.execPath, [
      tsc,
      "--project",
      directory,
      "--pretty",
      "false"
    ]).catch((failed: CompilerOutput) => {
      if (failed.stdout === "") throw failed
      return failed
    })
    return output.stdout
      .replaceAll(
        /^\S*?([\w.-]+)__\d+\.ts\((\d+),\d+\)/gm,
        (_, path: string, line: string) => `${path.replaceAll("__", "/")}:${line}`
      )
      .trim()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

it("compiles every code block of the documents and every example of the doc comments", async () => {
  const blocks = [...documents, ...publicModules].flatMap(codeBlocks)
  expect(blocks.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["README.md", "docs/guides/fleet.md", "docs/reference/errors.md"])
  )
  expect(blocks.length).toBeGreaterThan(15)
  expect(await compile(blocks)).toBe("")
})

it("reports the file and the line of a block that does not compile", async () => {
  const block = {
    path: "packages/core/README.md",
    offset: 41,
    code: ["const n: number = 1", "const s: string = n"]
  }
  expect(await compile([block])).toMatch(/^packages\/core\/README\.md:43: error TS2322/)
})

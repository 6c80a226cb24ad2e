import { execFile } from "node:child_process"
import { promisify } from "node:util"

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

/** `adobe-pass exec` */
import * as Command from "@effect/cli/Command"
import { usage } from "../ExitCode.js"

export const exec = Command.make("exec", {}, () => usage("exec is not there yet.")).pipe(
  Command.withDescription("Not there yet.")
)

/** `adobe-pass esm` */
import * as Command from "@effect/cli/Command"
import { usage } from "../ExitCode.js"

export const esm = Command.make("esm", {}, () => usage("esm is not there yet.")).pipe(
  Command.withDescription("Not there yet.")
)

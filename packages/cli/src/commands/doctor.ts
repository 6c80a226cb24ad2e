/** `adobe-pass doctor` */
import * as Command from "@effect/cli/Command"
import { usage } from "../ExitCode.js"

export const doctor = Command.make("doctor", {}, () => usage("doctor is not there yet.")).pipe(
  Command.withDescription("Not there yet.")
)

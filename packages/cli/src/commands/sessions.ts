/** `adobe-pass sessions` */
import * as Command from "@effect/cli/Command"
import { usage } from "../ExitCode.js"

export const sessions = Command.make("sessions", {}, () => usage("sessions is not there yet.")).pipe(
  Command.withDescription("Not there yet.")
)

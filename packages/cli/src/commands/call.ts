/** `adobe-pass call` */
import * as Command from "@effect/cli/Command"
import { usage } from "../ExitCode.js"

export const call = Command.make("call", {}, () => usage("call is not there yet.")).pipe(
  Command.withDescription("Not there yet.")
)

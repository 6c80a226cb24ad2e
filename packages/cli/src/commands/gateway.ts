/** `adobe-pass gateway` */
import * as Command from "@effect/cli/Command"
import { usage } from "../ExitCode.js"

export const gateway = Command.make("gateway", {}, () => usage("gateway is not there yet.")).pipe(
  Command.withDescription("Not there yet.")
)

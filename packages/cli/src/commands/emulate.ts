/** `adobe-pass emulate` */
import * as Command from "@effect/cli/Command"
import { usage } from "../ExitCode.js"

export const emulate = Command.make("emulate", {}, () => usage("emulate is not there yet.")).pipe(
  Command.withDescription("Not there yet.")
)

/** `adobe-pass emulate`: Adobe Pass on a port of this machine. */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import { options } from "../emulate/flags.js"

export const emulate = Command.make("emulate", options, (flags) =>
  Effect.flatMap(
    Effect.promise(() => import("../emulate/serve.js")),
    ({ serve }) => serve(flags)
  )
).pipe(
  Command.withDescription(
    "Emulates Adobe Pass on a port, with its throttle, and faults as you ask for them; shows the requests as they come."
  )
)

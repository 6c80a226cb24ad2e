/** `adobe-pass statement inspect`: what a software statement says, offline. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SoftwareStatement from "effect-adobe-pass/SoftwareStatement"
import { misconfigured } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as StandardInput from "../StandardInput.js"
import { decoded, oddities, text, time } from "../statement/oddities.js"
import { at } from "../Time.js"

const read = (file: string) => (file === "-" ? StandardInput.text("FILE") : StandardInput.textOfFile(file))

const inspect = Command.make(
  "inspect",
  {
    file: Args.text({ name: "FILE" }).pipe(
      Args.withDescription("The file downloaded from the TVE Dashboard, or - for standard input")
    ),
    json: Options.boolean("json").pipe(Options.withDescription("Write JSON"))
  },
  ({ file, json }) =>
    Effect.gen(function* () {
      const name = file === "-" ? "Standard input" : file
      const statement = yield* Effect.mapError(SoftwareStatement.make(yield* read(file)), ({ problem }) =>
        misconfigured(`${name} ${problem}.`)
      )
      const { claims, header } = yield* decoded(statement)
      const odd = oddities(header, claims, yield* Clock.currentTimeMillis)
      const issued = time(claims["iat"])
      if (json) {
        return yield* Output.json({ fingerprint: statement.fingerprint, header, claims, odd })
      }
      const rows = [
        ["subject", text(claims["sub"] ?? claims["software_id"])],
        ["client", text(claims["client_name"])],
        ["issuer", text(claims["iss"])],
        ["issued", issued === undefined ? undefined : at(issued)],
        ["algorithm", text(header["alg"])],
        ["fingerprint", statement.fingerprint]
      ] as const
      for (const [name, value] of rows) {
        if (value !== undefined) yield* Output.line(`${name.padEnd(12)}${value}`)
      }
      const { stdout } = yield* Output.Output
      for (const sentence of odd) yield* Output.line(stdout.style("yellow", `odd         ${sentence}`))
    })
).pipe(
  Command.withDescription("Decodes a software statement offline. Its signature is neither checked nor shown.")
)

export const statement = Command.make("statement").pipe(
  Command.withDescription("The software statement of a registered application."),
  Command.withSubcommands([inspect])
)

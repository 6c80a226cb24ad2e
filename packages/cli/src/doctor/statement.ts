/** Whether there is a software statement that can be read, and what is odd about it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SoftwareStatement from "effect-adobe-pass/SoftwareStatement"
import { misconfigured } from "../ExitCode.js"
import * as Settings from "../Settings.js"
import { textOfFile } from "../StandardInput.js"
import * as Oddities from "../statement/oddities.js"
import { at } from "../Time.js"
import * as Variable from "../Variable.js"
import { type Check, need } from "./check.js"
import { ok, warning } from "./findings.js"
import * as Permissions from "./permissions.js"

const variable = Variable.of("softwareStatement")

const missing = misconfigured(
  `There is no software statement: download it from the TVE Dashboard, and name its file with --statement or ${Variable.of("softwareStatementFile")}.`
)

/** The statement, and the name of what it came from. */
const read = (settings: Settings.Settings) =>
  Effect.gen(function* () {
    const file = Settings.get(settings, "softwareStatementFile")
    const inline = settings.found.get(variable)
    if (file !== undefined && inline !== undefined) {
      return yield* misconfigured(
        `${variable} and ${Variable.of("softwareStatementFile")} are both set: set one of them.`
      )
    }
    if (file !== undefined) {
      return { content: yield* textOfFile(file), source: file, file }
    }
    if (inline === undefined) return yield* missing
    const { source, value } = inline
    return { content: value, source: source === "variable" ? variable : source, file }
  })

export const statement: Check = {
  name: "statement",
  run: (facts) =>
    Effect.gen(function* () {
      const { content, file, source } = yield* Effect.flatMap(need(facts, "settings"), read)
      const statement = yield* Effect.mapError(SoftwareStatement.make(content), ({ problem }) =>
        misconfigured(`The software statement (${source}) ${problem}.`)
      )
      const { claims, header } = yield* Oddities.decoded(statement)
      const issued = Oddities.time(claims["iat"])
      const odd = Oddities.oddities(header, claims, yield* Clock.currentTimeMillis)
      return {
        findings: [
          ok(
            `${source} decodes: fingerprint ${statement.fingerprint}${issued === undefined ? "" : `, issued ${at(issued)}`}.`
          ),
          ...odd.map((sentence) =>
            warning(sentence, "If Adobe Pass refuses it, download it again from the TVE Dashboard.")
          ),
          ...(file === undefined ? [] : yield* Permissions.ofSecret("the software statement", file))
        ],
        learned: { statement: true }
      }
    })
}

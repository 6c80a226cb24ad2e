/** Where the configuration is, what it says, and what in it has no effect. */
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as Environment from "effect-adobe-pass/Environment"
import * as Options from "effect-adobe-pass/Options"
import * as NodeTransport from "effect-adobe-pass-node/NodeTransport"
import * as Settings from "../Settings.js"
import * as Suggestion from "../Suggestion.js"
import * as Variable from "../Variable.js"
import type { Check, Facts, Finding } from "./check.js"
import { failure, ok, warning } from "./findings.js"
import * as Permissions from "./permissions.js"

/** The options of the library and of its transport, checked. Errors name variables. */
const application = (settings: Settings.Settings): Effect.Effect<Facts, ConfigError | InvalidInput> =>
  Effect.gen(function* () {
    const application = yield* AdobePass.configWithoutStatement
    const transport = yield* NodeTransport.options.config("ADOBE_PASS_TRANSPORT")
    yield* Effect.mapError(
      Effect.all([Options.adobePass.check(application), NodeTransport.options.check(transport, "transport")]),
      AdobePass.nameVariable
    )
    const { environment } = application
    return {
      application,
      environment: typeof environment === "string" ? Environment.environments[environment] : environment,
      ...(transport === undefined ? {} : { transport })
    }
  }).pipe(Effect.withConfigProvider(Settings.provider(settings)))

/** Variables that are no options of a configuration file. */
const others = ["ADOBE_PASS_CONFIG", "ADOBE_PASS_PROFILE", "ADOBE_PASS_TOKEN"]

const variables: ReadonlySet<string> = new Set([
  ...Array.from(Variable.known, Variable.of),
  ...Array.from(Variable.secrets.keys(), Variable.of),
  ...others
])

/** Variables that nobody reads. Their values may be secrets, and are not shown. */
const unknownVariables = (environment: NodeJS.ProcessEnv): ReadonlyArray<Finding> =>
  Object.keys(environment)
    .filter((name) => name.startsWith("ADOBE_PASS_") && !variables.has(name))
    .map((name) => {
      const meant = Suggestion.nearest(name, variables)
      return warning(
        `The variable ${name} is not known, and has no effect.`,
        meant === undefined ? "Unset it, or correct its name." : `Is ${meant} meant?`
      )
    })

const hidden: ReadonlySet<string> = new Set(
  [...Variable.secrets.keys(), "device.id", "device.ip", "device.port"].map(Variable.of)
)

/** A value that may be shown: neither a secret, nor an address with a password in it, nor of an unknown variable. */
const shown = (name: string, value: string): string => {
  if (hidden.has(name)) return "(set)"
  return URL.canParse(value) && new URL(value).password !== "" ? "(set, with a password)" : value
}

/** The effective settings, each with its source. */
const effective = ({ found }: Settings.Settings): ReadonlyArray<string> =>
  Array.from(found)
    .filter(([name]) => variables.has(name))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, { source, value }]) => `${name} = ${shown(name, value)} (${source})`)

const location = ({ file, profile }: Settings.Settings): string => {
  if (file === undefined) return "There is no configuration file; flags, variables and defaults count."
  return `Read ${file}${profile === undefined ? "" : `, profile ${profile}`}.`
}

const ofFile = (file: string) =>
  Effect.map(Permissions.of(file), ({ isForeign, isWrittenByOthers }) =>
    isForeign || isWrittenByOthers
      ? [
          warning(
            `Other users can change ${file}, and could have your software statement sent elsewhere.`,
            `Make it yours, and run chmod go-w ${file}.`
          )
        ]
      : []
  )

export const configuration: Check = {
  name: "configuration",
  run: (_, asked) =>
    Effect.gen(function* () {
      const misspelt = unknownVariables(process.env)
      const read = yield* Effect.either(asked.settings)
      if (Either.isLeft(read)) return { findings: [failure(read.left), ...misspelt] }
      const settings = read.right
      const usable = yield* Effect.either(application(settings))
      return {
        findings: [
          ok(location(settings), effective(settings)),
          ...(Either.isLeft(usable) ? [failure(usable.left)] : []),
          ...(settings.file === undefined ? [] : yield* ofFile(settings.file)),
          ...misspelt
        ],
        learned: { settings, ...Either.getOrElse(usable, (): Facts => ({})) }
      }
    })
}

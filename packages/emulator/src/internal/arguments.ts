/** The arguments of the command. */
import { readFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { World } from "../World.js"

export const usage = `Usage: effect-adobe-pass-emulator [options]

  --port <0-65535>              port to listen on; 0 chooses a free port (default 8787)
  --host <address>              address to listen on (default 127.0.0.1)
  --throttle refill|once|off    how the throttle replenishes its burst (default refill)
  --rate <n>                    requests per second that the throttle lets pass (default 1)
  --burst <n>                   requests beyond the rate (default 10, so that 11 pass at once)
  --token-ttl <seconds>         lifetime of access tokens (default 21600)
  --subject <text>              id of the application of the printed statement; may carry a fault
  --world <file>                JSON that describes service providers, MVPDs and people (default a built-in world)
  --no-control                  do not serve the console and the control API under /_emulator/
  --help                        show this help`

export class InvalidArguments extends Data.TaggedError("InvalidArguments")<{ readonly message: string }> {}

const parse = (args: ReadonlyArray<string>) =>
  Effect.try({
    try: () =>
      parseArgs({
        args: [...args],
        options: {
          port: { type: "string", default: "8787" },
          host: { type: "string", default: "127.0.0.1" },
          throttle: { type: "string", default: "refill" },
          rate: { type: "string", default: "1" },
          burst: { type: "string", default: "10" },
          "token-ttl": { type: "string", default: "21600" },
          subject: { type: "string" },
          world: { type: "string" },
          "no-control": { type: "boolean", default: false },
          help: { type: "boolean", default: false }
        }
      }).values,
    catch: (error) =>
      new InvalidArguments({
        message: error instanceof Error ? error.message.replaceAll("\n", " ") : "The arguments are invalid."
      })
  })

const integer = (name: string, text: string, min: number, max: number) =>
  /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max
    ? Effect.succeed(Number(text))
    : new InvalidArguments({
        message: `--${name} must be a whole number from ${min} to ${max}, not "${text}".`
      })

const isModel = Schema.is(Schema.Literal("refill", "once", "off"))

const model = (text: string) =>
  isModel(text)
    ? Effect.succeed(text)
    : new InvalidArguments({ message: `--throttle must be refill, once or off, not "${text}".` })

const unusable = (file: string, why: string) =>
  new InvalidArguments({ message: `--world ${file} cannot be used: ${why}.` })

/** The first thing that is wrong with a world, and where. */
const firstIssue = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `
  return `${where}${issue?.message.split("\n", 1)[0] ?? "it does not describe a world"}`
}

/** A member that is misspelt is named too: without it the world would be another one than its author thinks. */
const decodeWorld = Schema.decode(Schema.parseJson(World), { onExcessProperty: "error" })

const readWorld = (file: string): Effect.Effect<World, InvalidArguments> =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (error) => unusable(file, error instanceof Error ? error.message : "it cannot be read")
  }).pipe(
    Effect.flatMap((text) => Effect.mapError(decodeWorld(text), (error) => unusable(file, firstIssue(error))))
  )

/** The options of `Emulator.layerServer`, or `"help"`. */
export const decode = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const values = yield* parse(args)
    if (values.help) return "help"
    return {
      host: values.host,
      port: yield* integer("port", values.port, 0, 65_535),
      throttle: yield* model(values.throttle),
      rate: yield* integer("rate", values.rate, 1, 1_000_000),
      burst: yield* integer("burst", values.burst, 0, 1_000_000),
      tokenTtl: (yield* integer("token-ttl", values["token-ttl"], 1, 31_536_000)) * 1000,
      ...(values.subject === undefined ? {} : { subject: values.subject }),
      ...(values.world === undefined ? {} : { world: yield* readWorld(values.world) }),
      control: !values["no-control"]
    }
  })

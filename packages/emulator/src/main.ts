/** The command: `npm run emulator -- --help`. */
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Emulator from "./Emulator.js"

const usage = `Usage: npm run emulator -- [options]

  --port <0-65535>              port to listen on; 0 chooses a free port (default 8787)
  --host <address>              address to listen on (default 127.0.0.1)
  --throttle refill|once|off    how the throttle replenishes its burst (default refill)
  --rate <n>                    requests per second that the throttle lets pass (default 1)
  --burst <n>                   requests beyond the rate (default 10, so that 11 pass at once)
  --token-ttl <seconds>         lifetime of access tokens (default 21600)
  --no-control                  do not serve the script API under /_emulator/
  --help                        show this help`

class BadArguments extends Data.TaggedError("BadArguments")<{ readonly message: string }> {}

const Throttle = Schema.Literal("refill", "once", "off")

const parse = Effect.try({
  try: () =>
    parseArgs({
      options: {
        port: { type: "string", default: "8787" },
        host: { type: "string", default: "127.0.0.1" },
        throttle: { type: "string", default: "refill" },
        rate: { type: "string", default: "1" },
        burst: { type: "string", default: "10" },
        "token-ttl": { type: "string", default: "21600" },
        "no-control": { type: "boolean", default: false },
        help: { type: "boolean", default: false }
      }
    }).values,
  catch: (error) =>
    new BadArguments({
      message: error instanceof Error ? error.message.replaceAll("\n", " ") : "The arguments are invalid."
    })
})

const integer = (name: string, text: string, min: number, max: number) =>
  /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max
    ? Effect.succeed(Number(text))
    : new BadArguments({ message: `--${name} must be a whole number from ${min} to ${max}, not "${text}".` })

const throttle = (text: string) =>
  Schema.is(Throttle)(text)
    ? Effect.succeed(text)
    : new BadArguments({ message: `--throttle must be refill, once or off, not "${text}".` })

const welcome = (emulator: Emulator.Emulator, control: boolean): string => {
  const { baseUrl, softwareStatement } = emulator
  return `Adobe Pass emulator: ${baseUrl}
${control ? `Script API:          ${baseUrl}/_emulator/\n` : ""}
Software statement:
${softwareStatement}

Try it:
curl -s ${baseUrl}/o/client/register -H 'content-type: application/json' -d '{"software_statement":"${softwareStatement}"}'
curl -s ${baseUrl}/o/client/token -d grant_type=client_credentials -d client_id=CLIENT_ID -d client_secret=CLIENT_SECRET
curl -s ${baseUrl}/api/v2/ACME/configuration -H 'authorization: Bearer ACCESS_TOKEN' -H 'ap-device-identifier: fingerprint ZGV2aWNlLTE='

Ctrl-C stops it.`
}

const serve = Effect.gen(function* () {
  const values = yield* parse
  if (values.help) return yield* Console.log(usage)
  const control = !values["no-control"]
  const options = {
    host: values.host,
    port: yield* integer("port", values.port, 0, 65_535),
    throttle: yield* throttle(values.throttle),
    rate: yield* integer("rate", values.rate, 1, 1_000_000),
    burst: yield* integer("burst", values.burst, 0, 1_000_000),
    tokenTtl: (yield* integer("token-ttl", values["token-ttl"], 1, 31_536_000)) * 1000,
    control
  }
  const announce = Layer.effectDiscard(
    Effect.flatMap(Emulator.Emulator, (emulator) => Console.log(welcome(emulator, control)))
  )
  return yield* Layer.launch(Layer.provide(announce, Emulator.layerServer(options)))
})

const exit = (code: number) =>
  Effect.sync(() => {
    process.exitCode = code
  })

serve.pipe(
  Effect.catchTags({
    BadArguments: ({ message }) => Console.error(`${message}\n\n${usage}`).pipe(Effect.zipRight(exit(2))),
    ListenError: ({ message }) => Console.error(message).pipe(Effect.zipRight(exit(1)))
  }),
  NodeRuntime.runMain
)

/** The flags of `adobe-pass emulate`. */
import type * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Option from "effect/Option"

const integer = (name: string, minimum: number, maximum: number) =>
  Options.integer(name).pipe(
    Options.filterMap(
      (value) => (value >= minimum && value <= maximum ? Option.some(value) : Option.none()),
      `--${name} must be a whole number from ${minimum} to ${maximum}.`
    )
  )

const file = (name: string, description: string) =>
  Options.text(name).pipe(
    Options.withPseudoName("FILE"),
    Options.withDescription(description),
    Options.optional
  )

export const options = {
  port: integer("port", 0, 65_535).pipe(
    Options.withDefault(8787),
    Options.withDescription("The port; 0 chooses a free one")
  ),
  host: Options.text("host").pipe(
    Options.withDefault("127.0.0.1"),
    Options.withDescription("The address to listen on; the console is offered on loopback only")
  ),
  throttle: Options.choice("throttle", ["refill", "once", "off"]).pipe(
    Options.withDefault("refill" as const),
    Options.withDescription("How the throttle gives its burst back")
  ),
  rate: integer("rate", 1, 1_000_000).pipe(
    Options.withDefault(1),
    Options.withDescription("Requests per second that the throttle lets pass for an address")
  ),
  burst: integer("burst", 0, 1_000_000).pipe(
    Options.withDefault(10),
    Options.withDescription("Requests beyond the rate")
  ),
  tokenTtl: integer("token-ttl", 1, 31_536_000).pipe(
    Options.withDefault(21_600),
    Options.withDescription("The lifetime of access tokens in seconds")
  ),
  scopes: Options.text("scopes").pipe(
    Options.withDefault("api:client:v2"),
    Options.withDescription("The scopes of the software statement, separated by commas")
  ),
  subject: Options.text("subject").pipe(
    Options.withDescription("The id of the application of the software statement; default a new one"),
    Options.optional
  ),
  fault: Options.text("fault").pipe(
    Options.withPseudoName("ROUTE:KIND"),
    Options.withDescription(
      "What fails: api:503@5%, token:delay:2000*3, register:reset, api:latency:50:2000; may be repeated"
    ),
    Options.repeated
  ),
  seed: integer("seed", 0, Number.MAX_SAFE_INTEGER).pipe(
    Options.withDescription("Draws the same latencies and faults again; default a new one"),
    Options.optional
  ),
  world: file("world", "JSON with service providers, MVPDs and people, in place of the built-in world"),
  import: file("import", "The state to go on with: a file of --export-on-exit"),
  exportOnExit: file("export-on-exit", "Keeps the state, with its secrets, for this user"),
  statementFile: file("statement-file", "Keeps the software statement for this user, for other commands"),
  noConsole: Options.boolean("no-console").pipe(
    Options.withDescription("Offers neither the console nor the control API")
  ),
  open: Options.boolean("open").pipe(Options.withDescription("Opens the console in a browser")),
  quiet: Options.boolean("quiet").pipe(Options.withDescription("Shows no requests")),
  json: Options.boolean("json").pipe(
    Options.withDescription("Writes a line of JSON at the start and for each request")
  )
}

/** As they were given. */
export type Flags = Command.Command.ParseConfig<typeof options>

/** `adobe-pass call`: step 5, one call to a protected API. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import { CurrentDevice, CurrentInstance } from "effect-adobe-pass/Device"
import { type Calls, ProtectedClient, repeatable } from "effect-adobe-pass/ProtectedClient"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import * as Answer from "../call/answer.js"
import { bodyOf } from "../call/body.js"
import * as Explain from "../call/explain.js"
import { refusal } from "../call/refusal.js"
import * as Request from "../call/request.js"
import { usage } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"
import { renewed } from "../token/renewed.js"

const options = {
  ...Settings.options,
  ...Caller.options,
  method: Args.text({ name: "METHOD" }),
  path: Args.text({ name: "PATH" }).pipe(
    Args.withDescription("A path with its query, sent as it is written, or a URL of the environment")
  ),
  data: Options.text("data").pipe(
    Options.withAlias("d"),
    Options.withDescription("The body: a text, @FILE, or @- for standard input"),
    Options.optional
  ),
  contentType: Options.text("content-type").pipe(
    Options.withDescription("What the body is; otherwise JSON where it begins with { or [, and a form else"),
    Options.optional
  ),
  header: Options.text("header").pipe(
    Options.withAlias("H"),
    Options.withDescription("A header, 'Name: value'; may be repeated"),
    Options.repeated
  ),
  query: Options.text("query").pipe(
    Options.withDescription("More of the query, as it is written: 'mvpd!=A' or a key alone; may be repeated"),
    Options.repeated
  ),
  include: Options.boolean("include").pipe(
    Options.withAlias("i"),
    Options.withDescription("Write status and headers before the body")
  ),
  output: Options.text("output").pipe(
    Options.withAlias("o"),
    Options.withDescription("Write the body of a success to this file"),
    Options.optional
  ),
  repeatable: Options.boolean("repeatable").pipe(
    Options.withDescription("A POST or PATCH may be sent twice when its answer is lost")
  ),
  explain: Options.boolean("explain").pipe(
    Options.withDescription("Say on standard error what is done for the call")
  )
}

type Flags = Command.Command.ParseConfig<typeof options>

const requestOf = (flags: Flags) =>
  Effect.gen(function* () {
    const { environment } = yield* RegisteredApplication
    const method = yield* Request.methodOf(flags.method)
    const url = yield* Request.urlOf(environment, flags.path, flags.query)
    const headers = yield* Request.headersOf(flags.header)
    const type = Option.getOrElse(flags.contentType, () => headers["content-type"])
    const body = yield* Effect.transposeMapOption(flags.data, (data) => bodyOf(data, type))
    return yield* Request.make(method, url, headers, Option.getOrUndefined(body))
  })

/** Sends the request and writes the answer, whatever its status. */
const send = <R>(
  calls: Calls<R>,
  request: HttpClientRequest.HttpClientRequest,
  { include, output, ...flags }: Flags,
  isForDevice: boolean
) =>
  Effect.gen(function* () {
    const { stdout } = yield* Output.Output
    const response = yield* Effect.catchTag(
      (flags.repeatable ? repeatable : identity)(calls.raw.execute(request)),
      "InvalidInput",
      ({ message }) => usage(message)
    )
    if (include) yield* stdout.write(Answer.head(response))
    if (response.status < 400) return yield* Answer.writeBody(response, Option.getOrUndefined(output))
    const text = yield* Answer.writeRefusal(response)
    return yield* Effect.flip(refusal(calls, response, text, isForDevice))
  })

const made = (flags: Flags, { _tag, device }: Caller.Caller) =>
  Effect.gen(function* () {
    if (flags.explain) yield* Explain.events
    const request = yield* requestOf(flags)
    // A token that is renewed in the background would be lost with this process.
    yield* renewed(device)
    const client = yield* ProtectedClient
    return yield* _tag === "Device"
      ? Effect.provideService(send(client, request, flags, true), CurrentDevice, device)
      : Effect.provideService(send(client.withoutDevice, request, flags, false), CurrentInstance, device)
  }).pipe(Effect.scoped)

export const call = Command.make("call", options, (flags) =>
  Effect.gen(function* () {
    const settings = yield* Settings.resolve(flags, Caller.flags(flags))
    const caller = yield* Caller.resolve(settings)
    const observer = flags.explain ? yield* Explain.observer : undefined
    yield* Effect.provide(made(flags, caller), Application.layer(settings, observer))
  })
).pipe(
  Command.withDescription(
    "Calls a protected API with a token: the answer's body goes to standard output, whatever its status."
  )
)

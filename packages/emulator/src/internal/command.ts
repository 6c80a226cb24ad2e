/** A command of the control API: what it is about, and what it does with a body. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type Answer, empty, json } from "./answer.js"

export interface Command {
  readonly about: string
  readonly run: (body: string) => Effect.Effect<Answer>
}

export const query = (about: string, result: Effect.Effect<unknown>): Command => ({
  about,
  run: () => Effect.map(result, (value) => json(200, value))
})

/** The first thing that is wrong, in one sentence. */
const sentence = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const where = issue === undefined || issue.path.length === 0 ? "The body" : `"${issue.path.join(".")}"`
  return `${where} cannot be used: ${issue?.message.split("\n", 1)[0] ?? "it is not what the command takes"}.`
}

export const withBody = <A, I>(
  about: string,
  schema: Schema.Schema<A, I>,
  run: (value: A) => Effect.Effect<Answer>
): Command => ({
  about,
  run: (body) =>
    Either.match(Schema.decodeEither(Schema.parseJson(schema))(body === "" ? "{}" : body), {
      onLeft: (error) => Effect.succeed(json(400, { error: "invalid_request", message: sentence(error) })),
      onRight: run
    })
})

export const command = <A, I>(
  about: string,
  schema: Schema.Schema<A, I>,
  run: (value: A) => Effect.Effect<void>
): Command => withBody(about, schema, (value) => Effect.as(run(value), empty(204)))

/** The body of a command that takes none. */
export const Nothing = Schema.Struct({})

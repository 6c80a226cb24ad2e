/** The control API and the console: who may use them, and what an address of theirs means. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Script } from "../Script.js"
import type { ReceivedRequest } from "../Traffic.js"
import { type Answer, json } from "./answer.js"
import type { Command } from "./command.js"
import { isForeign } from "./controlAccess.js"
import { makeCommands } from "./controlCommands.js"
import { controlPage } from "./controlPage.js"
import type { Handler, Outcome } from "./outcome.js"
import { bodyOf } from "./pages/console/forms.js"
import { consolePage, prefix } from "./pages/console/layout.js"
import { consoleView } from "./pages/console.js"
import { html } from "./pages/html.js"
import { seeOther } from "./pages/page.js"
import type { State } from "./state.js"

/** What every command says when it cannot be done. */
const Refusal = Schema.parseJson(Schema.Struct({ message: Schema.String }))

const answered = (answer: Answer): Outcome => ({ _tag: "Answered", answer })

const isBrowser = ({ headers }: ReceivedRequest): boolean => (headers["accept"] ?? "").includes("text/html")

/** curl sends JSON, and what ought to be JSON, under this type as well. Every form says where it returns to. */
const isForm = ({ body, headers }: ReceivedRequest): boolean =>
  /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "") &&
  /(?:^|&)returnTo=/.test(body)

const refused = (answer: Answer, returnTo: string): Answer => {
  const { message } = Schema.decodeUnknownSync(Refusal)(answer.body)
  return consolePage({
    part: "controls",
    title: "Not done",
    status: answer.status,
    content: html`<h1>Not done</h1><p class="note bad" role="alert">${message}</p>
<p><a href="${prefix}${returnTo}">Go back</a></p>`
  })
}

/** A form runs the command, and comes back to the page that it is on. */
const submit = (name: string, { run }: Command, body: string): Effect.Effect<Answer> => {
  const fields = Object.fromEntries(new URLSearchParams(body))
  const returnTo = fields["returnTo"] ?? ""
  return Effect.map(run(JSON.stringify(bodyOf(name, fields))), (answer) =>
    answer.status >= 400 ? refused(answer, returnTo) : seeOther(`${prefix}${returnTo}?done=${name}`)
  )
}

const foreign = json(403, {
  error: "forbidden",
  message: "The control API answers requests to its own address only, and none of another origin."
})

/** Answers requests under `/_emulator/`, and passes all others on. */
export const withControl = (state: State, script: Script, handle: Handler, listening: string): Handler => {
  const table = makeCommands(script)
  const commands = (request: ReceivedRequest) =>
    controlPage(
      `http://${request.headers["host"]}`,
      [...table].map(([name, { about }]) => [name, about])
    )
  const unknown = json(404, {
    error: "not_found",
    message: `Unknown command; GET ${prefix} explains all of them: ${[...table.keys()].join(", ")}.`
  })
  const view = (request: ReceivedRequest, name: string): Effect.Effect<Answer> | undefined => {
    if (request.method !== "GET") return undefined
    if (name === "commands" || (name === "" && !isBrowser(request))) return Effect.succeed(commands(request))
    return consoleView(state, name, request)
  }
  const run = (request: ReceivedRequest, name: string): Effect.Effect<Answer> => {
    const found = table.get(`${request.method} ${name}`)
    if (found === undefined) return Effect.succeed(unknown)
    return isForm(request) ? submit(name, found, request.body) : found.run(request.body)
  }
  return (request) => {
    // Where somebody lands who opens the address of the emulator.
    if (request.path === "/" && isBrowser(request)) return Effect.succeed(answered(seeOther(prefix)))
    if (!`${request.path}/`.startsWith(prefix)) return handle(request)
    if (isForeign(request, listening)) return Effect.succeed(answered(foreign))
    const name = request.path.slice(prefix.length)
    return Effect.map(view(request, name) ?? run(request, name), answered)
  }
}

import { Args, Command, Options } from "@effect/cli"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import * as CommandLine from "effect-adobe-pass-cli/CommandLine"
import * as Help from "effect-adobe-pass-cli/Help"

const send = Command.make(
  "send",
  {
    kind: Options.choice("kind", ["one", "two"]).pipe(
      Options.withDefault("one"),
      Options.withDescription("What is sent")
    ),
    header: Options.text("header").pipe(
      Options.withAlias("H"),
      Options.withDescription("A header"),
      Options.repeated
    ),
    quiet: Options.boolean("quiet").pipe(Options.withAlias("q"), Options.withDescription("Say nothing")),
    name: Options.text("name").pipe(Options.withDescription("A name"), Options.optional),
    file: Args.text({ name: "FILE" }).pipe(Args.withDescription("The file")),
    more: Args.text({ name: "MORE" }).pipe(Args.withDescription("More files"), Args.repeated)
  },
  () => Effect.void
).pipe(Command.withDescription("Sends a file. It is sent once."))

const group = Command.make("group").pipe(
  Command.withDescription("A group: of commands."),
  Command.withSubcommands([send])
)

const program: CommandLine.Program = {
  commands: [group.descriptor, send.descriptor]
}

const arranged = (...words: ReadonlyArray<string>) => {
  const { command, rest } = CommandLine.find(program, words)
  return Either.match(CommandLine.arrange(command, rest), {
    onLeft: ({ message }) => message,
    onRight: ({ builtIn, own }) => [...builtIn, ...command.path, ...own].join(" ")
  })
}

describe("a command line", () => {
  it("may have flags anywhere, with = or a blank, and - for standard input before them", () => {
    const wanted = "group send --name x -q f g"
    assert.strictEqual(arranged("group", "send", "f", "g", "--name=x", "-q"), wanted)
    assert.strictEqual(arranged("group", "send", "f", "--name", "x", "-q", "g"), wanted)
    assert.strictEqual(arranged("send", "-", "--quiet"), "send --quiet -")
    assert.strictEqual(arranged("send", "f", "--name=--odd="), "send --name --odd= f")
  })

  it("is left alone behind --", () => {
    assert.strictEqual(arranged("send", "f", "--", "--name", "-q"), "send f -- --name -q")
  })

  it("has the flags of the parser in front", () => {
    assert.strictEqual(arranged("send", "f", "--log-level", "debug"), "--log-level debug send f")
    assert.match(arranged("send", "--log-level", "loud"), /^--log-level must be one of all, trace,/)
  })

  it("is refused with the word that is wrong", () => {
    assert.strictEqual(
      arranged("send", "--nmae", "x"),
      "--nmae is not a flag of adobe-pass send: see adobe-pass send --help."
    )
    assert.strictEqual(arranged("send", "--name"), "--name needs a value.")
    assert.strictEqual(arranged("send", "--name="), "--name needs a value.")
    assert.strictEqual(arranged("send", "--name", "--quiet"), "--name needs a value.")
    assert.strictEqual(arranged("send", "--name", "a", "--name=b"), "--name stands twice: give it once.")
    assert.strictEqual(arranged("send", "--kind", "three"), "--kind must be one of one, two.")
    assert.strictEqual(arranged("sned"), "adobe-pass has no command sned; it has group, send.")
    assert.strictEqual(arranged("group", "sned"), "adobe-pass group has no command sned; it has send.")
    assert.match(arranged("--name", "x", "send"), /^--name belongs behind the command/)
    assert.match(arranged("group", "--name", "x"), /adobe-pass group COMMAND --name\.$/)
  })

  it("may repeat a flag that may be repeated, under each of its names", () => {
    assert.strictEqual(arranged("send", "-H", "a", "--header", "b"), "send -H a --header b")
  })

  it("is repeated in a message without what moves a cursor, and not at length", () => {
    const message = arranged(`\u001b[2J${"x".repeat(1000)}`)
    assert.notInclude(message, "\u001b")
    assert.isBelow(message.length, 200)
  })
})

describe("help", () => {
  it("says what a command does, its usage, its arguments and its flags, without the words of the parser", () => {
    const { command } = CommandLine.find(program, ["send"])
    assert.strictEqual(
      Help.ofCommand(command, []),
      `Sends a file. It is sent once.

Usage: adobe-pass send [flags] FILE MORE...

Arguments:
  FILE     The file
  MORE...  More files

Flags:
  --kind one|two         What is sent
  -H, --header TEXT ...  A header
  -q, --quiet            Say nothing
  --name TEXT            A name`
    )
  })

  it("of a group lists its commands by their first sentence", () => {
    const { command } = CommandLine.find(program, ["group"])
    const { command: child } = CommandLine.find(program, ["group", "send"])
    assert.strictEqual(
      Help.ofCommand(command, [child]),
      "A group: of commands.\n\nUsage: adobe-pass group COMMAND [flags]\n\nCommands:\n  send  Sends a file"
    )
  })
})

import { describe, expect, it } from "@effect/vitest"
import { type Config, ConfigProvider, Effect, Exit, Redacted } from "effect"
import { AdobePass, AdobePassError, Metrics } from "effect-adobe-pass"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { publicModules, quoted, read, root, type SourceText, tableRows } from "./sources.js"

const readme = read("README.md")

const moduleOf = (name: string): SourceText => {
  const found = publicModules.find(({ path }) => path.endsWith(`/${name}.ts`))
  if (found === undefined) throw new Error(`no module ${name} in ${root}`)
  return found
}

describe("the table of errors", () => {
  const source = moduleOf("AdobePassError").lines.join("\n")

  /** The tags of a union in the source, with the unions in it resolved. */
  const membersOf = (name: string): ReadonlyArray<string> => {
    const definition = new RegExp(`^export type ${name} =([^]*?)\n\n`, "m").exec(`${source}\n\n`)?.[1]
    if (definition === undefined) return [name]
    return definition.split("|").flatMap((part) => (part.trim() === "" ? [] : membersOf(part.trim())))
  }

  const retryableOf = (tag: string): string => {
    const type = new RegExp(`^export class ${tag} [^]*?get retryable\\(\\): (\\w+)`, "m").exec(source)?.[1]
    return type === "true" ? "yes" : type === "false" ? "no" : "depends"
  }

  const rows = tableRows(readme, "Errors")
  const expected = [...new Set(membersOf("ProtectedCallError"))]

  it("has one row for each member of the closed unions", () => {
    expect(expected.length).toBeGreaterThan(15)
    expect(rows.map(([tag]) => quoted(tag)[0])).toEqual(expect.arrayContaining([...expected]))
    expect(rows.length).toBe(expected.length)
  })

  it("knows every error class that exists", () => {
    const classes = Object.entries(AdobePassError).flatMap(([name, value]) =>
      typeof value === "function" && "fields" in value ? [name] : []
    )
    expect(classes.toSorted()).toEqual(expected.toSorted())
  })

  it("says from which steps each comes, as the unions do", () => {
    const steps = (tag: string) =>
      (
        [
          ["register", "RegistrationError"],
          ["token", "TokenError"],
          ["call", "ProtectedCallError"]
        ] as const
      ).flatMap(([step, union]) => (membersOf(union).includes(tag) ? [step] : []))
    expect(Object.fromEntries(rows.map(([tag, step]) => [quoted(tag)[0], step]))).toEqual(
      Object.fromEntries(expected.map((tag) => [tag, steps(tag).join(", ")]))
    )
  })

  it("says whether each is retryable, and what to do", () => {
    for (const [tag, , when, what, retryable] of rows) {
      expect([tag, retryable]).toEqual([tag, retryableOf(quoted(tag)[0] ?? "")])
      expect([when, what]).not.toContain("")
    }
  })
})

describe("the tables of options", () => {
  const optionsUnder = (heading: string) =>
    tableRows(readme, heading).map(([option, variable, value]) => ({
      option: quoted(option)[0] ?? "",
      variable: quoted(variable)[0],
      value: (value ?? "").replaceAll("`", "")
    }))
  const rows = optionsUnder("Configuration")
  const rowsOnNode = optionsUnder("On Node.js")

  const statement = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
  type Variables = ReadonlyArray<readonly [string, string]>
  const required: Variables = [
    ["ADOBE_PASS_ENVIRONMENT", "release-staging"],
    ["ADOBE_PASS_SOFTWARE_STATEMENT", statement]
  ]

  /** What a config reads from these variables, and the variables that it asked for. */
  const readFrom = async <A>(config: Config.Config<A>, variables: Variables) => {
    const asked = new Set<string>()
    const flat = ConfigProvider.fromMap(new Map([...required, ...variables]), { pathDelim: "_" }).flattened
    const provider = ConfigProvider.fromFlat(
      ConfigProvider.makeFlat({
        load: (path, primitive, split) => {
          asked.add(path.join("_"))
          return flat.load(path, primitive, split)
        },
        enumerateChildren: flat.enumerateChildren,
        patch: flat.patch
      })
    )
    const exit = await Effect.runPromiseExit(Effect.withConfigProvider(config, provider))
    return { exit, asked }
  }

  const options = (variables: Variables) => readFrom(AdobePass.config, variables)

  const plain = (value: unknown): unknown => (Redacted.isRedacted(value) ? Redacted.value(value) : value)

  const at = (value: unknown, path: string): unknown =>
    path
      .split(".")
      .reduce(
        (part, key) =>
          typeof part === "object" && part !== null ? plain(Reflect.get(part, key)) : undefined,
        value
      )

  it("have every variable that is read, and no other", async () => {
    const { asked } = await options([])
    expect(rows.flatMap(({ variable }) => variable ?? []).toSorted()).toEqual([...asked].toSorted())
    const onNode = (await readFrom(NodeAdobePass.config, [])).asked
    expect(rowsOnNode.flatMap(({ variable }) => variable ?? [])).toEqual(
      [...onNode].filter((variable) => !asked.has(variable))
    )
  })

  it("name the option that each variable sets", async () => {
    const custom = [
      ["ADOBE_PASS_ENVIRONMENT", "mine"],
      ["ADOBE_PASS_SP_URL", "https://other.example.com"]
    ] as const
    const candidates = ["7", "7 seconds", "never", "https://sp.example.com", "prequal-production", "a.b.c"]
    const sets = async (option: string, variable: string): Promise<boolean> => {
      const extra = variable.endsWith("_URL") ? custom : []
      const before = (await options(extra)).exit
      const after = await Promise.all(
        candidates.map(async (candidate) => (await options([...extra, [variable, candidate]])).exit)
      )
      return after.some(
        (exit) =>
          Exit.isSuccess(exit) &&
          Exit.isSuccess(before) &&
          at(exit.value, option) !== undefined &&
          at(exit.value, option) !== at(before.value, option)
      )
    }
    for (const { option, variable } of rows) {
      if (variable !== undefined) expect([option, await sets(option, variable)]).toEqual([option, true])
    }
  })

  /** The options of an interface, with their `@default`. */
  const declared = (module: string, name: string): ReadonlyArray<readonly [string, string | undefined]> => {
    const source = moduleOf(module).lines.join("\n")
    const body = new RegExp(`^export interface ${name}(?:<.*>)? (?:extends \\S+ )?\\{([^]*?)^\\}`, "m").exec(
      source
    )?.[1]
    if (body === undefined) throw new Error(`no interface ${name} in ${module}`)
    return [...body.matchAll(/(?:\/\*\*([\s\S]*?)\*\/\s*)?readonly (\w+)\??:/g)].map(
      ([, comment, option]) => [option ?? "", /@default (.+?)\s*$/m.exec(comment ?? "")?.[1]?.trim()] as const
    )
  }

  const nested = new Map([
    ["throttle", declared("Throttle", "Options")],
    ["retry", declared("Throttle", "ScheduleOptions")],
    ["sessions", declared("Sessions", "Options").filter(([option]) => option !== "refreshWindow")],
    ["sessions.refreshWindow", declared("AccessToken", "RefreshWindow")]
  ])
  const all = [
    ...declared("RegisteredApplication", "Options"),
    ...declared("AdobePass", "Options").filter(([option]) => !nested.has(option)),
    ...[...nested].flatMap(([prefix, options]) =>
      options.map(([option, value]) => [`${prefix}.${option}`, value] as const)
    )
  ]

  const allOnNode = [
    ...declared("NodeAdobePass", "Options").filter(([option]) => option !== "transport"),
    ...declared("NodeTransport", "Options").map(([option, value]) => [`transport.${option}`, value] as const)
  ]

  it("have every option that exists", () => {
    const custom = ["environment.sp", "environment.mgmt"]
    expect(rows.map(({ option }) => option).toSorted()).toEqual(
      [...all.map(([option]) => option), ...custom].toSorted()
    )
    expect(rowsOnNode.map(({ option }) => option)).toEqual(allOnNode.map(([option]) => option))
  })

  it("give the defaults that the doc comments give", () => {
    const written = new Map([...rows, ...rowsOnNode].map(({ option, value }) => [option, value]))
    const documented = [...all, ...allOnNode].flatMap(([option, value]) =>
      value === undefined ? [] : [[option, value.replaceAll('"', "")] as const]
    )
    expect(documented.length).toBeGreaterThan(15)
    expect(documented.map(([option]) => [option, written.get(option)])).toEqual(
      documented.map(([option, value]) => [option, value])
    )
  })
})

it("the table of metrics has every metric", () => {
  const source = moduleOf("Metrics").lines.join("\n")
  const declared = [...source.matchAll(/Metric\.\w+\(\s*"(adobe_pass_\w+)"/g)].map(([, name]) => name)
  expect(declared.length).toBe(Object.keys(Metrics).length)
  expect(tableRows(readme, "Observability").map(([name]) => quoted(name)[0])).toEqual(declared)
})

it("the README names every event of a session and every span", () => {
  const text = readme.lines.join("\n")
  const events = [
    ...moduleOf("Sessions")
      .lines.join("\n")
      .matchAll(/readonly _tag: "(\w+)"/g)
  ]
  const spans = ["ClientRegistration", "TokenEndpoint", "ProtectedClient"].flatMap((module) => [
    ...moduleOf(module)
      .lines.join("\n")
      .matchAll(/(?:Effect\.fn|withSpan)\("([\w.]+)"/g)
  ])
  expect(events.length).toBeGreaterThan(5)
  expect(spans.length).toBeGreaterThan(2)
  for (const [, name] of [...events, ...spans]) expect(text).toContain(`\`${name}\``)
})

import * as NodeUtil from "node:util"
import { Cause, Console, Effect, Exit, Inspectable, Logger, LogLevel, type Option, Tracer } from "effect"

/** Something that must not be printed, under the name that a failing test reports. */
export interface Secret {
  readonly name: string
  readonly value: string
}

/** The forms in which a secret travels: as it is, in base64 and in a URL. */
export const formsOf = (value: string): ReadonlyArray<readonly [form: string, text: string]> => [
  ["", value],
  [" in base64", Buffer.from(value).toString("base64")],
  [" in base64url", Buffer.from(value).toString("base64url")],
  [" URL-encoded", encodeURIComponent(value)]
]

const windowSize = 12
/** Every window contains a block that begins at a multiple of this, so a search reads only these blocks first. */
const stride = 6
const blockSize = windowSize - stride + 1

/**
 * Base64 text of a secret that stands somewhere inside of longer base64, whichever way the groups of three fall. The
 * characters at both ends depend on the neighbours and are left out.
 */
const insideBase64 = (value: string): ReadonlyArray<string> =>
  [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
      .toString("base64")
      .replace(/=+$/, "")
    return text.slice(offset === 0 ? 0 : offset + 1, -2)
  })

/**
 * Finds secrets in a text: whole, in every form, and any twelve characters of them in a row. Answers with the names.
 */
export const searcher = (secrets: ReadonlyArray<Secret>): ((text: string) => ReadonlyArray<string>) => {
  const whole: Array<readonly [needle: string, name: string]> = []
  const windows = new Map<string, Set<string>>()
  const blocks = new Set<string>()
  const remember = (needle: string, name: string) => {
    if (needle.length <= windowSize) whole.push([needle, name])
    for (let at = 0; at + windowSize <= needle.length; at++) {
      const part = needle.slice(at, at + windowSize)
      windows.set(part, (windows.get(part) ?? new Set()).add(name))
      for (let from = 0; from < stride; from++) blocks.add(part.slice(from, from + blockSize))
    }
  }
  for (const { name, value } of secrets) {
    if (value.length < 8) throw new Error(`${name} is too short to be found for certain`)
    remember(value, name)
    remember(JSON.stringify(value).slice(1, -1), name)
    for (const [form, text] of formsOf(value)) if (text !== value) remember(text, name + form)
    for (const text of insideBase64(value)) remember(text, `${name} in base64`)
  }
  return (text) => {
    const found = new Set<string>()
    for (const [needle, name] of whole) if (text.includes(needle)) found.add(name)
    for (let block = 0; block + blockSize <= text.length; block += stride) {
      if (!blocks.has(text.slice(block, block + blockSize))) continue
      for (let at = Math.max(0, block - stride + 1); at <= block; at++) {
        for (const name of windows.get(text.slice(at, at + windowSize)) ?? []) found.add(name)
      }
    }
    return [...found]
  }
}

/** The part of a JWT that no two of them share. */
export const withoutJwtHeader = (jwt: string): string => jwt.slice(jwt.indexOf(".") + 1)

const everything = {
  depth: null,
  showHidden: true,
  getters: true,
  maxArrayLength: null,
  maxStringLength: null
} as const

const attempt = (render: () => string): string => {
  try {
    return render()
  } catch (error) {
    return NodeUtil.inspect(error, everything)
  }
}

/** One way in which a value ends up in front of people, and what they see. */
export type Rendering = readonly [way: string, text: string]

/** The ways of printing a value without Effect's loggers. */
export const plainRenderings = (value: unknown): ReadonlyArray<Rendering> => {
  const ways: ReadonlyArray<readonly [string, () => string]> = [
    ["util.inspect of everything", () => NodeUtil.inspect(value, everything)],
    ["util.inspect", () => NodeUtil.inspect(value)],
    [
      "util.inspect without custom inspection",
      () =>
        NodeUtil.inspect(value, { ...everything, showHidden: false, getters: false, customInspect: false })
    ],
    ["JSON.stringify", () => JSON.stringify(value)],
    ["Inspectable.toStringUnknown", () => Inspectable.toStringUnknown(value)],
    ["Inspectable.toJSON", () => NodeUtil.inspect(Inspectable.toJSON(value), everything)],
    ["String", () => String(value)],
    ...(value instanceof Error
      ? ([
          ["error.stack", () => String(value.stack)],
          ["error.message", () => value.message]
        ] as const)
      : [])
  ]
  return ways.map(([way, render]) => [way, attempt(render)])
}

const causeRenderings = (cause: Cause.Cause<unknown>): ReadonlyArray<Rendering> => [
  ["Cause.pretty", Cause.pretty(cause)],
  ["Cause.pretty with causes", Cause.pretty(cause, { renderErrorCause: true })],
  ...Cause.prettyErrors(cause).flatMap((error) =>
    plainRenderings(error).map(([way, text]): Rendering => [`Cause.prettyErrors, ${way}`, text])
  ),
  ...plainRenderings(cause).map(([way, text]): Rendering => [`${way} of the Cause`, text])
]

const logged = (keep: (logger: string, text: string) => void) => {
  const keeping = (name: string, logger: Logger.Logger<unknown, unknown>) =>
    Logger.map(logger, (line) =>
      keep(
        name,
        typeof line === "string"
          ? line
          : `${attempt(() => JSON.stringify(line))}\n${NodeUtil.inspect(line, everything)}`
      )
    )
  return Logger.replace(
    Logger.defaultLogger,
    [
      keeping("Logger.stringLogger", Logger.stringLogger),
      keeping("Logger.logfmtLogger", Logger.logfmtLogger),
      keeping("Logger.jsonLogger", Logger.jsonLogger),
      keeping("Logger.structuredLogger", Logger.structuredLogger),
      Logger.prettyLogger({ colors: false, mode: "tty" }),
      Logger.prettyLogger({ colors: false, mode: "browser" })
    ].reduce<Logger.Logger<unknown, unknown>>((left, right) => Logger.zip(left, right), Logger.none)
  )
}

/** Runs an effect with every logger of Effect at the lowest level, and keeps what they print. */
const withLoggers = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  keep: (logger: string, text: string) => void
): Effect.Effect<A, E, R> => {
  const print = (...args: ReadonlyArray<unknown>) =>
    keep(
      "Logger.prettyLogger",
      NodeUtil.formatWithOptions({ depth: null, showHidden: true, getters: true }, ...args)
    )
  return Effect.consoleWith((console) =>
    effect.pipe(
      Effect.provide(logged(keep)),
      Logger.withMinimumLogLevel(LogLevel.All),
      Console.withConsole({
        ...console,
        unsafe: {
          ...console.unsafe,
          log: print,
          error: print,
          group: print,
          groupCollapsed: print,
          groupEnd: () => {}
        }
      })
    )
  )
}

/** Every rendering of a value: printed, as the failure and the defect of a Cause, and through the loggers. */
export const renderings = (value: unknown): Effect.Effect<ReadonlyArray<Rendering>> =>
  Effect.gen(function* () {
    const lines: Array<Rendering> = []
    const causes = Cause.isCause(value) ? [value] : [Cause.fail(value), Cause.die(value)]
    yield* withLoggers(
      Effect.forEach(causes, (cause) =>
        Effect.logError("a failure", cause).pipe(
          Effect.zipRight(Effect.logTrace(value)),
          Effect.annotateLogs({ annotation: value })
        )
      ),
      (logger, text) => lines.push([logger, text])
    )
    return [...plainRenderings(value), ...causes.flatMap(causeRenderings), ...lines]
  })

/** A span, as an exporter sees it. */
class RecordedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly sampled = true
  readonly attributes = new Map<string, unknown>()
  readonly links: Array<Tracer.SpanLink>
  readonly events: Array<readonly [name: string, attributes: unknown]> = []
  readonly traceId = "trace"
  exit: Exit.Exit<unknown, unknown> | undefined
  status: Tracer.SpanStatus
  constructor(
    readonly name: string,
    readonly spanId: string,
    readonly parent: Option.Option<Tracer.AnySpan>,
    readonly context: Tracer.Span["context"],
    links: ReadonlyArray<Tracer.SpanLink>,
    startTime: bigint,
    readonly kind: Tracer.SpanKind
  ) {
    this.links = [...links]
    this.status = { _tag: "Started", startTime }
  }
  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>) {
    this.exit = exit
    const startTime = this.status.startTime
    this.status = { _tag: "Ended", startTime, endTime, exit }
  }
  attribute(key: string, value: unknown) {
    this.attributes.set(key, value)
  }
  event(name: string, _startTime: bigint, attributes?: Record<string, unknown>) {
    this.events.push([name, attributes])
  }
  addLinks(links: ReadonlyArray<Tracer.SpanLink>) {
    this.links.push(...links)
  }
}

/** What a run showed to the outside. */
export interface Witnessed<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly spans: ReadonlyArray<RecordedSpan>
  /** What the library logged by itself. */
  readonly lines: ReadonlyArray<Rendering>
}

/** Runs an effect under a tracer and under every logger. */
export const witness = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Witnessed<A, E>, never, R> =>
  Effect.gen(function* () {
    const spans: Array<RecordedSpan> = []
    const lines: Array<Rendering> = []
    const tracer = Tracer.make({
      span: (name, parent, context, links, startTime, kind) => {
        const span = new RecordedSpan(name, `span-${spans.length}`, parent, context, links, startTime, kind)
        spans.push(span)
        return span
      },
      context: (run) => run()
    })
    const exit = yield* Effect.exit(
      withLoggers(Effect.withTracer(effect, tracer), (logger, text) => lines.push([logger, text]))
    )
    return { exit, spans, lines }
  })

/** Everything that a run shows, rendered. */
export const shown = <A, E>({
  exit,
  lines,
  spans
}: Witnessed<A, E>): Effect.Effect<ReadonlyArray<Rendering>> =>
  Effect.gen(function* () {
    const value = Exit.isSuccess(exit) ? exit.value : Cause.squash(exit.cause)
    const parts: ReadonlyArray<readonly [what: string, part: unknown]> = [
      [Exit.isSuccess(exit) ? "result" : "error", value],
      ["exit", exit],
      ...(Exit.isFailure(exit) ? ([["cause", exit.cause]] as const) : [])
    ]
    const rendered = yield* Effect.forEach(parts, ([what, part]) => named(what, renderings(part)))
    const ofSpans = spans.flatMap((span) =>
      (
        [
          ["span", span],
          ["attributes of span", Object.fromEntries(span.attributes)],
          ["events of span", span.events],
          ["exit of span", span.exit]
        ] as const
      ).flatMap(([what, part]) =>
        plainRenderings(part).map(([way, text]): Rendering => [`${what} ${span.name}: ${way}`, text])
      )
    )
    return [
      ...rendered.flat(),
      ...ofSpans,
      ...lines.map(([way, text]): Rendering => [`log of the run: ${way}`, text])
    ]
  })

/** Renderings under the name of what was rendered. */
export const named = (
  what: string,
  rendered: Effect.Effect<ReadonlyArray<Rendering>>
): Effect.Effect<ReadonlyArray<Rendering>> =>
  Effect.map(rendered, (ways) => ways.map(([way, text]): Rendering => [`${what}: ${way}`, text]))

/** The secrets in renderings, each with the rendering that shows it. */
export const leaksIn = (
  find: (text: string) => ReadonlyArray<string>,
  rendered: ReadonlyArray<Rendering>
): ReadonlyArray<readonly [secret: string, way: string]> =>
  rendered.flatMap(([way, text]) => find(text).map((secret) => [secret, way] as const))

import { beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect, Logger, Metric, type MetricPair, Schema, TestContext } from "effect"
import { Metrics } from "effect-adobe-pass"
import * as Activity from "../../packages/cli/src/gateway/activity.js"
import * as Prometheus from "../../packages/cli/src/gateway/prometheus.js"
import { everyMetric } from "../support/everyMetric.js"
import * as PromQL from "./promql.js"
import { read } from "./sources.js"

/** The labels that Prometheus adds to what it scrapes. */
const scraped = ["job", "instance"]

const Variable = Schema.Struct({ name: Schema.String, definition: Schema.String })

const Panel = Schema.Struct({
  id: Schema.Int,
  type: Schema.Literal("row", "timeseries", "stat"),
  title: Schema.NonEmptyString,
  description: Schema.optional(Schema.NonEmptyString),
  datasource: Schema.optional(Schema.Struct({ type: Schema.Literal("prometheus"), uid: Schema.String })),
  gridPos: Schema.Struct({ h: Schema.Int, w: Schema.Int, x: Schema.Int, y: Schema.Int }),
  targets: Schema.optional(Schema.Array(Schema.Struct({ expr: Schema.String, legendFormat: Schema.String })))
})

const Dashboard = Schema.parseJson(
  Schema.Struct({
    __inputs: Schema.Array(
      Schema.Struct({ name: Schema.String, type: Schema.Literal("datasource"), pluginId: Schema.String })
    ),
    uid: Schema.NonEmptyString,
    title: Schema.NonEmptyString,
    schemaVersion: Schema.Int,
    templating: Schema.Struct({ list: Schema.Array(Variable) }),
    panels: Schema.Array(Panel)
  })
)

const text = (path: string) => read(path).lines.join("\n")

const dashboard = Schema.decodeSync(Dashboard)(text("docs/grafana-dashboard.json"))
const panels = dashboard.panels.filter(({ type }) => type !== "row")
const targets = panels.flatMap(({ targets, title }) =>
  (targets ?? []).map((target) => ({ ...target, title }))
)

/** An alert: what stands in the file for it. The file has one line for each member. */
const alerts = text("docs/prometheus-alerts.yml")
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map((block) => {
    const member = (name: string) => new RegExp(`^ +${name}: (.+)$`, "m").exec(block)?.[1] ?? ""
    return {
      name: block.split("\n")[0] ?? "",
      expr: member("expr"),
      severity: member("severity"),
      summary: member("summary"),
      description: member("description")
    }
  })

/** Each metric, after it has moved. */
const moved = Effect.gen(function* () {
  for (const metric of Object.values(Metrics)) metric.unsafeValue([])
  yield* everyMetric
  const activity = new Activity.Activity(0)
  yield* activity.begin()
  yield* activity.end()
  yield* Activity.count(200, 12)
  const snapshot = yield* Metric.snapshot
  return snapshot.filter(({ metricKey }) => metricKey.name.startsWith("adobe_pass_"))
}).pipe(Effect.provide([TestContext.TestContext, Logger.remove(Logger.defaultLogger)]))

/** What the gateway shows: its metrics, and the labels of each sample by the name of the sample. */
const exposed = (pairs: ReadonlyArray<MetricPair.MetricPair.Untyped>) => {
  const labelsOf = new Map<string, Set<string>>()
  const metrics = new Set<string>()
  for (const line of Prometheus.text(pairs).split("\n")) {
    const [, metric] = /^# TYPE (\w+)/.exec(line) ?? []
    if (metric !== undefined) metrics.add(metric)
    const [, name, labels = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? []
    if (name === undefined) continue
    const known = labelsOf.get(name) ?? new Set()
    for (const [, label = ""] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label)
    labelsOf.set(name, known)
  }
  return { labelsOf, metrics }
}

let pairs: ReadonlyArray<MetricPair.MetricPair.Untyped> = []
beforeAll(async () => {
  pairs = await Effect.runPromise(moved)
})

/** What is wrong with a query: names and labels that do not exist. */
const unknownIn = (
  query: string,
  labelsOf: ReadonlyMap<string, ReadonlySet<string>>
): ReadonlyArray<string> => {
  const { grouping, selectors } = PromQL.read(query)
  const labels = new Set([
    ...scraped,
    ...selectors.flatMap(({ metric }) => [...(labelsOf.get(metric) ?? [])])
  ])
  return [
    ...selectors.flatMap(({ labels, metric }) => {
      const known = labelsOf.get(metric)
      if (known === undefined) return [metric]
      return labels
        .filter((label) => !known.has(label) && !scraped.includes(label))
        .map((label) => `${metric}{${label}}`)
    }),
    ...grouping.filter((label) => !labels.has(label)).map((label) => `by (${label})`)
  ]
}

/** Whether the matcher of a query for the outcome of a call takes this outcome. Prometheus anchors a pattern. */
const takesOutcome = (query: string, outcome: string): boolean => {
  const [, operator, pattern] = /outcome(=~|!~)"([^"]*)"/.exec(query) ?? []
  return new RegExp(`^(?:${pattern})$`).test(outcome) === (operator === "=~")
}

/** The metric that a sample is of. */
const metricOf = (sample: string): string => sample.replace(/_(bucket|sum|count)$/, "")

describe("the dashboard for Grafana", () => {
  it("asks for samples and labels that the gateway shows", () => {
    const { labelsOf } = exposed(pairs)
    for (const { expr, title } of targets) {
      expect([title, unknownIn(expr, labelsOf)]).toEqual([title, []])
    }
  })

  it("has a panel for each metric of the library and of the gateway", () => {
    const { labelsOf, metrics } = exposed(pairs)
    const asked = targets.flatMap(({ expr }) =>
      PromQL.read(expr).selectors.map(({ metric }) => metricOf(metric))
    )
    expect(new Set(asked)).toEqual(metrics)
    // Each has moved, so that its labels are known.
    expect(new Set([...labelsOf.keys()].map(metricOf))).toEqual(metrics)
  })

  it("restricts each query to the chosen jobs and instances", () => {
    const variables = dashboard.templating.list.map(({ name }) => name)
    expect(variables).toEqual(scraped)
    for (const { expr, title } of targets) {
      for (const { labels, metric } of PromQL.read(expr).selectors) {
        expect([title, metric, ...labels]).toEqual(expect.arrayContaining(scraped))
      }
      const used = [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name)
      expect(new Set(used)).toEqual(
        new Set([...variables, ...(/\[\$/.test(expr) ? ["__rate_interval"] : [])])
      )
    }
  })

  it("counts an answer of 5xx that was passed on as a failing call, and no other status", () => {
    const failing = targets.filter(({ title }) => ["Failing calls", "Failed calls by error"].includes(title))
    expect(failing).toHaveLength(2)
    for (const { expr, title } of failing) {
      const taken = ["503", "TransportError", "200", "404"].filter((outcome) => takesOutcome(expr, outcome))
      expect([title, taken]).toEqual([title, ["503", "TransportError"]])
    }
  })

  it("names each line after labels that its query keeps", () => {
    for (const { expr, legendFormat, title } of targets) {
      const { grouping } = PromQL.read(expr)
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
      expect([title, named.filter((label) => !grouping.includes(label ?? ""))]).toEqual([title, []])
    }
  })

  it("explains each panel, and asks for its data where the import says", () => {
    const input = dashboard.__inputs[0]
    expect(dashboard.__inputs).toHaveLength(1)
    expect(input?.pluginId).toBe("prometheus")
    for (const { datasource, description, targets, title } of panels) {
      expect([title, description]).not.toContain(undefined)
      expect([title, datasource?.uid]).toEqual([title, `\${${input?.name}}`])
      expect([title, targets?.length ?? 0]).not.toContain(0)
    }
  })

  it("has panels of different ids that do not overlap", () => {
    const cells = new Map<string, string>()
    for (const { gridPos, title } of dashboard.panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true])
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, cells.get(`${x},${y}`)]).toEqual([title, undefined])
          cells.set(`${x},${y}`, title)
        }
      }
    }
    const ids = dashboard.panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe("the alerts for Prometheus", () => {
  it("ask for samples and labels that the gateway shows", () => {
    const { labelsOf } = exposed(pairs)
    for (const { expr, name } of alerts) expect([name, unknownIn(expr, labelsOf)]).toEqual([name, []])
  })

  it("say how bad it is, what happened and what to do, with labels that the query keeps", () => {
    expect(alerts.length).toBeGreaterThan(10)
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length)
    for (const { description, expr, name, severity, summary } of alerts) {
      expect([name, severity]).toEqual([name, expect.stringMatching(/^(critical|warning|info)$/)])
      for (const sentence of [summary, description]) {
        // Otherwise it would have to stand in quotes.
        expect([name, sentence]).toEqual([name, expect.stringMatching(/^[A-Z][^#]*\.$/)])
        expect([name, sentence]).not.toEqual([name, expect.stringContaining(": ")])
      }
      const { grouping } = PromQL.read(expr)
      const kept = expr.includes("sum") ? grouping : scraped
      const named = [...summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label)
      expect([name, named.filter((label) => !kept.includes(label ?? ""))]).toEqual([name, []])
    }
  })
})

describe("the alert for failing calls", () => {
  const expr = alerts.find(({ name }) => name === "AdobePassCallsFail")?.expr ?? ""

  it("goes off for what no user can solve, an answer of 5xx that was passed on included", () => {
    const outcomes = ["503", "ServiceUnavailable", "InvalidClient", "InsufficientScope"]
    expect(outcomes.filter((outcome) => !takesOutcome(expr, outcome))).toEqual([])
  })

  it("does not go off for what users solve", () => {
    const outcomes = ["200", "401", "AuthenticationRequired", "AuthorizationRequired"]
    expect(outcomes.filter((outcome) => takesOutcome(expr, outcome))).toEqual([])
  })
})

describe("the collector between OTLP and Prometheus", () => {
  it("gives the word of each frequency the label that the gateway gives it", () => {
    const expected = pairs.flatMap((pair) => {
      const label = /_total\{(\w+)="[^"]*"\} /.exec(Prometheus.text([pair]))?.[1]
      const { name, tags } = pair.metricKey
      return label === undefined || name.endsWith("_total") || tags.length > 0 ? [] : [`${name}: ${label}`]
    })
    const written = text("docs/otel-collector.yml").matchAll(
      /set\(attributes\["(\w+)"\], attributes\["key"\]\) where metric\.name == "(\w+)"/g
    )
    // Another test of the process may have made a metric of the same name.
    expect([...written].map(([, label, name]) => `${name}: ${label}`).toSorted()).toEqual(
      [...new Set(expected)].toSorted()
    )
  })
})

describe("the reader of PromQL", () => {
  it("finds selectors with their labels, and what is grouped by", () => {
    const query = 'sum by (a, le) (rate(m_total{b=~"x|{}", c!="\\"y"}[5m])) / on (d) n offset 15m > 0.5'
    expect(PromQL.read(query)).toEqual({
      selectors: [
        { metric: "m_total", labels: ["b", "c"] },
        { metric: "n", labels: [] }
      ],
      grouping: ["a", "le", "d"]
    })
  })

  it.each(["m{a}", "m{a=b}", "unknown(m)", "m[5x]", "m{", "sum by (a"])("refuses %s", (query) => {
    expect(() => PromQL.read(query)).toThrow()
  })
})

/** Metrics in the text format of Prometheus. */
import * as MetricKeyType from "effect/MetricKeyType"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"

type Labels = ReadonlyArray<readonly [name: string, value: string]>

/** A metric of one name, with all its labels. */
interface Family {
  readonly type: "counter" | "gauge" | "histogram" | "summary"
  readonly help: string
  readonly samples: Array<string>
}

/** What the words of a frequency are. */
const wordLabels: { readonly [metric: string]: string } = {
  adobe_pass_registrations: "outcome",
  adobe_pass_token_requests: "reason",
  adobe_pass_token_failures: "error",
  adobe_pass_calls: "outcome",
  adobe_pass_retries: "error",
  adobe_pass_warnings: "warning"
}

/** Metrics whose definition does not describe them. */
const helps: { readonly [metric: string]: string } = {
  adobe_pass_throttle_waits_total: "Requests that waited for a permit",
  adobe_pass_throttle_fallbacks_total: "Permits given without the shared buckets",
  adobe_pass_throttled_total: "Answers of 429",
  adobe_pass_overloaded_total: "Calls refused because the queue of their device IP was too long",
  adobe_pass_retries_refused_total: "Repetitions that the retry quota did not allow",
  adobe_pass_sessions: "Sessions in memory",
  adobe_pass_unsaved_tokens_total: "Tokens used although the store could not keep them",
  adobe_pass_plaintext_records_total: "Records in clear that a store with encryption read",
  adobe_pass_clock_skew_millis: "How far the clock of Adobe Pass is ahead, in milliseconds"
}

const nameOf = (name: string): string => name.replaceAll(/[^\w:]/g, "_").replace(/^(?=\d)/, "_")

const escapedHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const escapedValue = (text: string): string => escapedHelp(text).replaceAll('"', '\\"')

const number = (value: number | bigint): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)

const sample = (name: string, labels: Labels, value: number | bigint): string => {
  const written = labels.map(([label, text]) => `${nameOf(label)}="${escapedValue(text)}"`).join(",")
  return `${name}${written === "" ? "" : `{${written}}`} ${number(value)}`
}

const histogram = (name: string, labels: Labels, state: MetricState.MetricState.Histogram) => [
  ...state.buckets
    .filter(([boundary]) => Number.isFinite(boundary))
    .map(([boundary, count]) => sample(`${name}_bucket`, [...labels, ["le", number(boundary)]], count)),
  sample(`${name}_bucket`, [...labels, ["le", "+Inf"]], state.count),
  sample(`${name}_sum`, labels, state.sum),
  sample(`${name}_count`, labels, state.count)
]

const summary = (name: string, labels: Labels, state: MetricState.MetricState.Summary) => [
  ...state.quantiles.map(([quantile, value]) =>
    sample(
      name,
      [...labels, ["quantile", number(quantile)]],
      Option.getOrElse(value, () => Number.NaN)
    )
  ),
  sample(`${name}_sum`, labels, state.sum),
  sample(`${name}_count`, labels, state.count)
]

/** The name, type and samples of a metric; undefined for a kind that Prometheus does not have. */
const read = ({
  metricKey,
  metricState
}: MetricPair.MetricPair.Untyped):
  | { readonly name: string; readonly type: Family["type"]; readonly samples: ReadonlyArray<string> }
  | undefined => {
  const name = nameOf(metricKey.name)
  const labels: Labels = metricKey.tags.map(({ key, value }) => [key, value])
  if (MetricState.isCounterState(metricState)) {
    const grows = MetricKeyType.isCounterKey(metricKey.keyType) && metricKey.keyType.incremental
    return { name, type: grows ? "counter" : "gauge", samples: [sample(name, labels, metricState.count)] }
  }
  if (MetricState.isGaugeState(metricState)) {
    return { name, type: "gauge", samples: [sample(name, labels, metricState.value)] }
  }
  if (MetricState.isFrequencyState(metricState)) {
    const total = `${name}_total`
    const label = wordLabels[metricKey.name] ?? "value"
    const samples = Array.from(metricState.occurrences, ([word, count]) =>
      sample(total, [...labels, [label, word]], count)
    )
    return { name: total, type: "counter", samples }
  }
  if (MetricState.isHistogramState(metricState)) {
    return { name, type: "histogram", samples: histogram(name, labels, metricState) }
  }
  return MetricState.isSummaryState(metricState)
    ? { name, type: "summary", samples: summary(name, labels, metricState) }
    : undefined
}

/** The media type of the text. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/** The text of a snapshot. Samples of one metric stand together, as the format demands. */
export const text = (snapshot: Iterable<MetricPair.MetricPair.Untyped>): string => {
  const families = new Map<string, Family>()
  for (const pair of snapshot) {
    const found = read(pair)
    if (found === undefined) continue
    const { name, samples, type } = found
    const help = Option.getOrElse(pair.metricKey.description, () => helps[pair.metricKey.name] ?? name)
    const family = families.get(name) ?? { type, help, samples: [] }
    family.samples.push(...samples)
    families.set(name, family)
  }
  return Array.from(
    families,
    ([name, { help, samples, type }]) =>
      `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n${samples.map((line) => `${line}\n`).join("")}`
  ).join("")
}

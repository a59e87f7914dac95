/** `gate/live`: one server against another, over interleaved run pairs. */

import {
  allowRegression,
  DEFAULT_MAX_REGRESSION,
  describeFewPairs,
  GATE_METRICS,
  latency,
  MAX_OUTPUT_DIFFERENCE,
  type MetricFacts,
  outputsDiffer,
  READ_THRESHOLD,
} from "../gate/mod.ts";
import { type Comparison, findRepeated } from "../result/mod.ts";
import { combineVerdicts, compareMetric, ratioText } from "../statistics/mod.ts";
import { describeFailures } from "./failures.ts";
import type { LiveGateReport, LivePerformance, LiveRun, LiveSide } from "./live_schema.ts";

interface Metric extends MetricFacts {
  readonly value: (performance: LivePerformance) => number | null;
}

/** What must improve. */
const IMPROVED: readonly Metric[] = [
  { ...GATE_METRICS.meanTtft, value: ({ ttftMs }) => ttftMs?.mean ?? null },
  { ...GATE_METRICS.meanTbt, value: ({ tbtMs }) => tbtMs?.mean ?? null },
  {
    ...GATE_METRICS.meanTpot,
    threshold: READ_THRESHOLD,
    value: ({ tpotMs }) => tpotMs?.mean ?? null,
  },
];

const LATENCIES = [
  ["TTFT", "ttftMs"],
  ["TBT", "tbtMs"],
  ["TPOT", "tpotMs"],
  ["end-to-end latency", "endToEndMs"],
] as const;

/** What may not become worse than the margin, so that no gain is bought with another metric. */
const KEPT: readonly Metric[] = allowRegression<Metric>([
  { ...GATE_METRICS.meanEndToEnd, value: ({ endToEndMs }) => endToEndMs?.mean ?? null },
  ...LATENCIES.flatMap(([name, key]) =>
    (["p50", "p99"] as const).map((quantile) => ({
      ...latency(`${quantile} ${name}`, null),
      value: (performance: LivePerformance) => performance[key]?.[quantile] ?? null,
    }))
  ),
  { ...GATE_METRICS.throughput, value: ({ outputTokensPerSecond }) => outputTokensPerSecond },
  { ...GATE_METRICS.requestThroughput, value: ({ requestsPerSecond }) => requestsPerSecond },
  { ...GATE_METRICS.goodput, value: ({ goodputPerSecond }) => goodputPerSecond },
], DEFAULT_MAX_REGRESSION);

/**
 * Judges a server against another, by the same interval as every gate: mean TTFT, mean TBT and mean
 * TPOT must be at least 5 % better, and no other latency, rate or goodput that a side holds may be
 * more than 2 % worse, by its ratio. A failed request on either side fails the gate. Without the
 * same lengths of answers on both sides, known tokens of chunks and four interleaved pairs there is no
 * PASS.
 */
export function judgeLive(
  o: { readonly endpoint: LiveSide; readonly against: LiveSide },
): LiveGateReport {
  const values = (side: LiveSide, metric: Metric): (number | null)[] =>
    side.runs.map(({ performance }) => metric.value(performance));
  const isHeld = (metric: Metric): boolean =>
    [o.endpoint, o.against].some((side) => values(side, metric).some((value) => value !== null));
  const compare = (metric: Metric): Comparison =>
    compareMetric({
      ...metric,
      baseline: values(o.against, metric),
      candidate: values(o.endpoint, metric),
      deterministic: false,
    });
  const comparisons = [
    ...IMPROVED.map(compare),
    ...KEPT.filter(isHeld).map(compare).map(keepByRatio),
  ];
  const told = comparisons.filter(({ verdict }, index) =>
    index < IMPROVED.length || verdict !== "PASS"
  );
  const faults = [o.endpoint, o.against].flatMap(faultsOf);
  const doubts = doubtsOf(o);
  const judged = combineVerdicts(comparisons.map(({ verdict }) => verdict!));
  const unfaulted = judged === "PASS" && doubts.length > 0 ? "INCONCLUSIVE" : judged;
  return {
    gate: "gate/live",
    verdict: faults.length > 0 ? "FAIL" : unfaulted,
    reasons: [...faults, ...doubts, ...told.map(({ reason }) => reason)],
    pairs: Math.min(o.endpoint.runs.length, o.against.runs.length),
    comparisons,
  };
}

/**
 * A metric that only has to be kept is kept by its ratio; its interval can fail it. Quantiles of a
 * few hundred tokens have intervals so wide that no server could show that it is not 2 % worse.
 */
function keepByRatio(comparison: Comparison): Comparison {
  const { metric, verdict, ratio, interval, threshold, better } = comparison;
  if (verdict !== "INCONCLUSIVE" || ratio === null || interval === null || threshold === null) {
    return comparison;
  }
  const isKept = better === "lower" ? ratio <= threshold : ratio >= threshold;
  if (!isKept) return comparison;
  const demand = `${better === "lower" ? "at most" : "at least"} ${ratioText(threshold)}`;
  return {
    ...comparison,
    verdict: "PASS",
    reason: `${metric}: ratio ${ratioText(ratio)}, allowed ${demand}`,
  };
}

function faultsOf({ role, url, runs }: LiveSide): string[] {
  const errors = runs.flatMap((run) => run.errors);
  const failed = runs.reduce((sum, { performance }) => sum + performance.failed, 0);
  if (failed === 0 && errors.length === 0) return [];
  const server = `The server ${role} '${url}' failed ${Math.max(failed, errors.length)} requests`;
  if (errors.length === 0) return [server];
  const [{ request, kind, message }] = errors;
  return [
    `${server} (${describeFailures(errors)}), the first being request ${request}: ${kind}: ` +
    message,
  ];
}

/** What allows no PASS whatever the times say. */
function doubtsOf(o: { readonly endpoint: LiveSide; readonly against: LiveSide }): string[] {
  const [endpoint, against] = [o.endpoint, o.against].map(({ runs }) => runs);
  const doubts: string[] = [];
  const [ours, theirs] = [outputTokensOf(endpoint), outputTokensOf(against)];
  if (ours === null || theirs === null) {
    const role = ours === null ? o.endpoint.role : o.against.role;
    doubts.push(
      `the server ${role} does not count output tokens, so that lengths of answers cannot be ` +
        "compared; let it send usage",
    );
  } else if (outputsDiffer(ours, theirs)) {
    doubts.push(
      `answers have ${ours.toFixed(1)} tokens at endpoint and ${theirs.toFixed(1)} at against, ` +
        `more than ${MAX_OUTPUT_DIFFERENCE * 100} % apart; make both answer in full (--ignore-eos)`,
    );
  }
  for (const { role, runs } of [o.endpoint, o.against]) {
    if (!runs.some(({ performance }) => areTokensSpread(performance))) continue;
    doubts.push(
      `the server ${role} has several tokens in a chunk and counts them at the end alone, so that TBT ` +
        "and TPOT are not known; let it send usage in every event (continuous_usage_stats)",
    );
  }
  for (const { role, url, warmupErrors = [] } of [o.endpoint, o.against]) {
    if (warmupErrors.length === 0) continue;
    doubts.push(
      `the server ${role} '${url}' failed ${warmupErrors.length} requests of the warm-up ` +
        `(${describeFailures(warmupErrors)}), so that its first pair may have found it cold`,
    );
  }
  const isPaired = endpoint.length === against.length &&
    endpoint.every(({ pair, order }, index) =>
      against[index].pair === pair && Math.abs(against[index].order - order) === 1
    );
  if (!isPaired) doubts.push("runs of the two servers were not interleaved in pairs");
  const few = describeFewPairs(Math.min(endpoint.length, against.length));
  if (few !== null) doubts.push(few);
  const repeated = findRepeated(
    [...endpoint, ...against].map(({ order, samples, performance }) => [{
      name: String(order),
      contents: [{ samples, performance }],
    }]),
  );
  if (repeated !== null) {
    doubts.push(`runs ${repeated.join(" and ")} hold the same measurement, which is one sample`);
  }
  return doubts;
}

/**
 * Whether the tokens after first chunks may be other than what is taken for them. Where chunks are not
 * counted they are one a chunk at least, and all but one a request at most.
 */
function areTokensSpread(
  { exactChunkRequests, completed, chunkGapMs, outputTokens }: LivePerformance,
): boolean {
  if (exactChunkRequests === completed || outputTokens.counted === null) return false;
  const least = chunkGapMs?.count ?? 0;
  return outputTokens.counted - completed > least * (1 + DEFAULT_MAX_REGRESSION);
}

/** Output tokens of a completed request by the server's count; null where one is missing. */
function outputTokensOf(runs: readonly LiveRun[]): number | null {
  let tokens = 0;
  let completed = 0;
  for (const { performance } of runs) {
    if (performance.outputTokens.counted === null) return null;
    tokens += performance.outputTokens.counted;
    completed += performance.completed;
  }
  return completed === 0 ? null : tokens / completed;
}

/** Gates over result files of other benchmarks. */

import {
  BenchError,
  type Comparison,
  findRepeated,
  type GateName,
  type GivenSample,
  refuseRepeated,
  type Verdict,
} from "../result/mod.ts";
import { combineVerdicts, compareMetric, median, ratioText } from "../statistics/mod.ts";
import type { ForeignGateReport, ForeignRun, ForeignStatistics } from "./types.ts";
import {
  allowRegression,
  CAPACITY_THRESHOLD,
  DEFAULT_MAX_REGRESSION,
  GATE_METRICS,
  latency,
  MAX_OUTPUT_DIFFERENCE,
  type MetricFacts,
  outputsDiffer,
  READ_THRESHOLD,
} from "../gate/mod.ts";

/** What a foreign gate is judged by, and what it may conclude from. */
export interface ForeignGateOptions {
  /** Metrics and thresholds. @default {"gate/read"} */
  readonly gate?: GateName | "gate/regression";
  /** Share by which a metric may be worse that is not asked to improve. @default {0.02} */
  readonly maxRegression?: number;
  /** Judges the ratio itself where the files allow no interval. @default {false} */
  readonly acceptPointEstimate?: boolean;
  /** Accepts an interval over runs that were not interleaved. @default {false} */
  readonly acceptUnpaired?: boolean;
}

/** A metric, and where a foreign run has its values. */
interface ForeignMetric extends MetricFacts {
  readonly value: (run: ForeignRun) => number | null;
  readonly sample?: "ttftMs" | "gapMs";
}

const LATENCIES: readonly ForeignMetric[] = [
  { ...GATE_METRICS.meanTtft, value: ({ meanTtftMs }) => meanTtftMs, sample: "ttftMs" },
  { ...GATE_METRICS.meanTbt, value: ({ meanGapMs }) => meanGapMs, sample: "gapMs" },
  {
    ...GATE_METRICS.meanTpot,
    threshold: READ_THRESHOLD,
    value: ({ meanTpotMs }) => meanTpotMs,
  },
];
const END_TO_END: ForeignMetric = {
  ...GATE_METRICS.meanEndToEnd,
  value: ({ meanEndToEndMs }) => meanEndToEndMs,
};
const RATES: readonly ForeignMetric[] = [
  { ...GATE_METRICS.throughput, value: ({ outputTokensPerSecond }) => outputTokensPerSecond },
  {
    ...GATE_METRICS.requestThroughput,
    threshold: CAPACITY_THRESHOLD,
    value: ({ requestsPerSecond }) => requestsPerSecond,
  },
  {
    ...GATE_METRICS.goodput,
    threshold: CAPACITY_THRESHOLD,
    value: ({ goodputPerSecond }) => goodputPerSecond,
  },
];

/** Metrics without which a gate says nothing; others count where a file holds them. */
const REQUIRED: Readonly<Record<GateName | "gate/regression", readonly MetricFacts[]>> = {
  "gate/read": [GATE_METRICS.meanTtft, GATE_METRICS.meanTbt],
  "gate/capacity": [GATE_METRICS.throughput],
  "gate/regression": [GATE_METRICS.meanTtft, GATE_METRICS.meanTbt],
};

/**
 * The metrics of a gate. What a gate does not ask to improve may not become worse than the margin,
 * so that no gain is bought with another metric: latencies by fewer tokens per second, ITL by TPOT.
 */
function metricsOf(
  gate: GateName | "gate/regression",
  o: { readonly maxRegression: number; readonly runs: readonly ForeignRun[] },
): readonly ForeignMetric[] {
  const others = [END_TO_END, ...percentilesOf(o.runs), ...RATES];
  switch (gate) {
    case "gate/read":
      return [...LATENCIES, ...allowRegression(others, o.maxRegression)];
    case "gate/capacity":
      return RATES;
    case "gate/regression":
      return allowRegression([...LATENCIES, ...others], o.maxRegression);
  }
}

/** Medians and percentiles that every run holds: means hide a tail. */
function percentilesOf(runs: readonly ForeignRun[]): ForeignMetric[] {
  return Object.keys(runs[0].percentilesMs)
    .filter((name) => runs.every(({ percentilesMs }) => Object.hasOwn(percentilesMs, name)))
    .map((name) => ({
      ...latency(name, null),
      value: ({ percentilesMs }) => percentilesMs[name],
    }));
}

/**
 * Judges runs of another benchmark. A gate needs an interval over runs: one run per side gives a
 * ratio and no more, which stays INCONCLUSIVE unless `acceptPointEstimate`. Raw values of requests
 * do not change that, for all requests of a run share its noise. Medians and percentiles that all
 * files hold may not be worse than the margin. Several runs per side give Welch's interval; as they
 * were not interleaved, a verdict needs `acceptUnpaired`. Without the number of output tokens there is
 * none, for fewer are no gain.
 *
 * @example One run per side cannot pass by itself
 * ```ts
 * import assert from "node:assert/strict";
 * import { type ForeignRun, judgeForeignRuns, parseGateInput } from "@headwise/headwise/bench";
 *
 * function runsOf(ttft: number, itl: number): readonly ForeignRun[] {
 *   const input = parseGateInput(JSON.stringify({
 *     completed: 10, failed: 0, total_output_tokens: 90, total_token_throughput: 1,
 *     mean_ttft_ms: ttft, mean_itl_ms: itl,
 *   }), { file: "run.json" });
 *   return input.kind === "foreign" ? input.runs : [];
 * }
 * const [slow, fast] = [runsOf(100, 10), runsOf(80, 8)];
 * assert.equal(judgeForeignRuns(slow, fast).verdict, "INCONCLUSIVE");
 * assert.equal(judgeForeignRuns(slow, fast, { acceptPointEstimate: true }).verdict, "PASS");
 * ```
 * @param o Gate, and what may be concluded from.
 * @throws {BenchError} When the runs are of different benchmarks, settings or requests, or two of
 * them hold the same measurement, on one side or on both.
 */
export function judgeForeignRuns(
  baseline: readonly ForeignRun[],
  candidate: readonly ForeignRun[],
  o: ForeignGateOptions = {},
): ForeignGateReport {
  const runs = [...baseline, ...candidate];
  refuseDifferent(runs);
  // The aggregates of one run per side may agree by right, and then they show nothing.
  const isOneEach = baseline.length === 1 && candidate.length === 1;
  if (isOneEach) refuseRepeated(samplesOf(runs, identityOf));
  else refuseRepeatedRuns(runs);
  const equal = findRepeated(samplesOf(runs, (run) => [measuredOf(run)]));
  refuseShorter(baseline, candidate);
  const gate = o.gate ?? "gate/read";
  const statistics = statisticsOf(baseline, candidate);
  const metrics = metricsOf(gate, {
    maxRegression: o.maxRegression ?? DEFAULT_MAX_REGRESSION,
    runs,
  })
    .filter(({ metric, value }) =>
      REQUIRED[gate].some((required) => required.metric === metric) ||
      runs.some((run) => value(run) !== null)
    );
  const comparisons = metrics.map((metric) =>
    compare(metric, { baseline, candidate, statistics, options: o })
  );
  const faults = faultsOf(runs);
  const demanded = comparisons.filter(({ verdict }) => verdict !== null);
  const judged = combineVerdicts(demanded.map(({ verdict }) => verdict!));
  const held = statistics === "runs" && judged !== "INCONCLUSIVE" && o.acceptUnpaired !== true;
  const uncounted = runs.filter(({ outputTokens }) => outputTokens === null)
    .map(({ origin }) => `'${origin}' does not say how many output tokens it has`);
  const doubts = [
    ...uncounted,
    ...runs.flatMap(contradictionsOf),
    ...(equal === null
      ? []
      : [`'${equal.join("' and '")}' hold the same values, which shows nothing`]),
  ];
  const verdict: Verdict = faults.length > 0
    ? "FAIL"
    : held || doubts.length > 0
    ? "INCONCLUSIVE"
    : judged;
  return {
    gate,
    verdict,
    reasons: [
      ...faults,
      ...doubts,
      ...demanded.map(({ reason }) => reason),
      ...notesOf(candidate[0], held),
    ],
    tool: baseline[0].tool,
    statistics,
    allowed: ALLOWED[statistics],
    runs: { baseline: baseline.length, candidate: candidate.length },
    comparisons,
  };
}

const ALLOWED: Readonly<Record<ForeignStatistics, string>> = {
  aggregates: "one run per side, aggregates only: the ratio of means and no interval; with raw " +
    "values (--save-detailed, --output-details) requests can be paired, with several runs a " +
    "side (one file, a run per line) there is an interval",
  requests:
    "one run per side with raw values: the ratio of means, and ratios request by request; " +
    "all requests of a run share its noise, so there is still no interval; several runs per side " +
    "(one file, a run per line) give one",
  runs: "several runs per side: an interval over runs that were not interleaved, so that drift " +
    "between them is not cancelled",
};

function statisticsOf(
  baseline: readonly ForeignRun[],
  candidate: readonly ForeignRun[],
): ForeignStatistics {
  if (baseline.length > 1 && candidate.length > 1) return "runs";
  return pairable(baseline[0], candidate[0]) ? "requests" : "aggregates";
}

/** Whether request i of both runs is the same one. */
function pairable({ requests: left }: ForeignRun, { requests: right }: ForeignRun): boolean {
  return left !== null && right !== null && left.inputTokens.length > 0 &&
    left.inputTokens.length === right.inputTokens.length &&
    left.inputTokens.every((tokens, request) => tokens === right.inputTokens[request]);
}

function compare(metric: ForeignMetric, o: {
  readonly baseline: readonly ForeignRun[];
  readonly candidate: readonly ForeignRun[];
  readonly statistics: ForeignStatistics;
  readonly options: ForeignGateOptions;
}): Comparison {
  const { sample } = metric;
  const medians = sample === undefined || o.statistics === "aggregates"
    ? []
    : o.baseline.flatMap((run, index) => requestMedian(run, o.candidate[index], sample));
  const comparison = compareMetric({
    ...metric,
    baseline: o.baseline.map(metric.value),
    candidate: o.candidate.map(metric.value),
    deterministic: false,
    interleaved: false,
    requestMedianLogRatios: medians,
  });
  const { ratio, threshold } = comparison;
  if (threshold === null || ratio === null || comparison.interval !== null) return comparison;
  const reaches = metric.better === "lower" ? ratio <= threshold : ratio >= threshold;
  const demand = `demanded ${metric.better === "lower" ? "at most" : "at least"} ` +
    ratioText(threshold);
  const text = `${metric.metric}: ratio ${ratio.toFixed(4)} of one run per side, ${demand}`;
  return o.options.acceptPointEstimate === true
    ? { ...comparison, verdict: reaches ? "PASS" : "FAIL", reason: `${text}, accepted as it is` }
    : { ...comparison, reason: `${text}; accept it with --accept-point-estimate` };
}

function requestMedian(
  left: ForeignRun,
  right: ForeignRun | undefined,
  sample: "ttftMs" | "gapMs",
): number[] {
  if (right === undefined || !pairable(left, right)) return [];
  const ratios = left.requests![sample].flatMap((value, request) => {
    const other = right.requests![sample][request];
    return value === null || other === null || value === 0 || other === 0
      ? []
      : [Math.log(other / value)];
  });
  return ratios.length === 0 ? [] : [median(ratios)];
}

/** What fails a gate whatever the times say. */
function faultsOf(runs: readonly ForeignRun[]): string[] {
  return runs.flatMap(({ origin, completed, failed }) => {
    if (completed === 0) return [`'${origin}' completed no request`];
    return failed === null || failed === 0 ? [] : [`'${origin}' failed ${failed} requests`];
  });
}

/** Values that no run can have side by side: the file was changed, or mixes units. */
function contradictionsOf(run: ForeignRun): string[] {
  const means = {
    TTFT: run.meanTtftMs,
    TBT: run.meanGapMs,
    TPOT: run.meanTpotMs,
    "end-to-end latency": run.meanEndToEndMs,
  };
  return Object.entries(means).flatMap(([name, mean]) => {
    // Half of all values are at least the median, and none is below 0.
    const median = run.percentilesMs[`median ${name}`];
    return mean !== null && mean * 2.001 < median
      ? [`'${run.origin}' contradicts itself: mean ${name} below half of the median`]
      : [];
  });
}

function notesOf(run: ForeignRun, held: boolean): string[] {
  return [
    ...(held ? ["runs were not interleaved; accept that with --accept-unpaired"] : []),
    ...(run.failed === null ? ["the files do not say how many requests failed"] : []),
    "TBT is the mean gap between streamed chunks (ITL), which may hold several tokens",
  ];
}

function refuseDifferent(runs: readonly ForeignRun[]): void {
  const facts = ({ tool, settings, completed, failed, inputTokens }: ForeignRun) => ({
    "benchmark": tool,
    ...settings,
    // Failures change the sums, and fail the gate anyway.
    ...(failed === null || failed === 0
      ? { "completed requests": String(completed), "prompt tokens": String(inputTokens) }
      : {}),
  });
  const first = facts(runs[0]) as Record<string, string>;
  for (const run of runs.slice(1)) {
    const other = facts(run) as Record<string, string>;
    for (const [name, value] of Object.entries(first)) {
      if (other[name] === undefined || other[name] === value) continue;
      throw new BenchError(
        "gate/not-comparable",
        `Cannot compare the results: ${name} is '${value}' in '${runs[0].origin}' and ` +
          `'${other[name]}' in '${run.origin}'; compare runs of the same requests and settings`,
      );
    }
  }
}

/**
 * Refuses runs that are given as several and hold the same measurement.
 *
 * @param runs All runs, of whatever side or file.
 * @throws {BenchError} With the names of two that do.
 */
export function refuseRepeatedRuns(runs: readonly ForeignRun[]): void {
  refuseRepeated(samplesOf(runs, (run) => [measuredOf(run), ...identityOf(run)]));
}

function samplesOf(
  runs: readonly ForeignRun[],
  contents: (run: ForeignRun) => readonly unknown[],
): GivenSample[][] {
  return runs.map((run) => [{ name: run.origin, contents: contents(run) }]);
}

/** What was measured, whatever file and settings say. */
function measuredOf(run: ForeignRun): unknown {
  const { origin: _, tool: _tool, recognisedBy: _key, settings: _settings, ...values } = run;
  return { ...values, content: null };
}

/** By what a run is told from every other one: its raw values, else all that its file says. */
function identityOf({ requests, content }: ForeignRun): unknown[] {
  if (content !== null) return [content];
  return [{ ttftMs: requests?.ttftMs, gapMs: requests?.gapMs }];
}

/** A server that answers with fewer tokens is not a faster one. */
function refuseShorter(baseline: readonly ForeignRun[], candidate: readonly ForeignRun[]): void {
  const meanOf = (runs: readonly ForeignRun[]): number | null => {
    const tokens = runs.flatMap(({ outputTokens }) => outputTokens ?? []);
    return tokens.length === runs.length
      ? tokens.reduce((sum, each) => sum + each, 0) / tokens.length
      : null;
  };
  const [left, right] = [meanOf(baseline), meanOf(candidate)];
  if (left === null || right === null || !outputsDiffer(left, right)) return;
  throw new BenchError(
    "gate/not-comparable",
    `Cannot compare the results: output tokens are ${left} in '${baseline[0].origin}' and ` +
      `${right} in '${candidate[0].origin}', more than ${
        MAX_OUTPUT_DIFFERENCE * 100
      } % apart; make ` +
      "both answer in full (as with --ignore-eos)",
  );
}

/** The gates: which sides and metrics they compare, and what they demand. */

import {
  BenchError,
  type BenchResult,
  type Comparison,
  type GateName,
  type GateReport,
  READ_PAIR,
  type RunPerformance,
  type RunResult,
  SIDE_OF_FORM,
  type SideName,
  type SidePair,
  type SideResult,
  type Verdict,
} from "../result/mod.ts";
import {
  combineVerdicts,
  compareMetric,
  findClockStates,
  levelAfter,
  median,
  planLooks,
  type SequentialPlan,
} from "../statistics/mod.ts";
import { holdWithinModel } from "./model_error.ts";
import { holdWithinTable, type SidesAtEnd } from "./table_error.ts";
import { holdBack, holdUnpaired } from "./hold_back.ts";
import { DEFAULT_MAX_REGRESSION, GATE_METRICS, type MetricFacts } from "./metrics.ts";

/** A metric, and where a replay has its values. */
interface Metric extends MetricFacts {
  readonly value: (performance: RunPerformance) => number | null;
  readonly sample?: "ttftMs" | "tpotMs";
}

const MEAN_TTFT: Metric = {
  ...GATE_METRICS.meanTtft,
  value: ({ whole }) => whole.ttftMs?.mean ?? null,
  sample: "ttftMs",
};
const MEAN_TBT: Metric = {
  ...GATE_METRICS.meanTbt,
  value: ({ whole }) => whole.tbtMs?.mean ?? null,
  sample: "tpotMs",
};
const THROUGHPUT: Metric = {
  ...GATE_METRICS.throughput,
  value: ({ outputTokensPerSecond }) => outputTokensPerSecond,
};

/** What each gate judges; the thresholds of a regression come from the margin that is stated. */
const METRICS: Readonly<Record<GateName | "gate/regression", readonly Metric[]>> = {
  "gate/regression": [MEAN_TTFT, MEAN_TBT, THROUGHPUT],
  "gate/read": [
    MEAN_TTFT,
    MEAN_TBT,
    {
      ...GATE_METRICS.meanTtftOfAttention,
      value: ({ attentionOnly }) => attentionOnly.ttftMs?.mean ?? null,
    },
    {
      ...GATE_METRICS.meanTbtOfAttention,
      value: ({ attentionOnly }) => attentionOnly.tbtMs?.mean ?? null,
    },
  ],
  "gate/capacity": [
    THROUGHPUT,
    { ...GATE_METRICS.requestThroughput, value: ({ requestsPerSecond }) => requestsPerSecond },
    { ...GATE_METRICS.meanConcurrency, value: ({ meanConcurrency }) => meanConcurrency },
    {
      ...GATE_METRICS.memoryBoundConcurrency,
      value: ({ memoryBoundConcurrency }) => memoryBoundConcurrency,
    },
    { ...GATE_METRICS.peakConcurrency, value: ({ peakConcurrency }) => peakConcurrency },
  ],
};

/** Two sides to judge, of one result or of two. */
export interface GateSides {
  /** Clause to answer. */
  readonly gate: GateName | "gate/regression";
  /** Share by which each metric may be worse; only a regression has one. */
  readonly maxRegression?: number;
  readonly baselineResult: BenchResult;
  readonly baseline: SideName;
  readonly candidateResult: BenchResult;
  readonly candidate: SideName;
  /** Whether the runs of the two sides were interleaved. */
  readonly interleaved: boolean;
  /** Accepts runs that were not. @default {false} */
  readonly acceptUnpaired?: boolean;
}

/** Judges two sides by the metrics of a gate. */
export function judgeSides(o: GateSides): GateReport {
  const metrics = o.gate === "gate/regression"
    ? allowRegression(METRICS[o.gate], o.maxRegression ?? DEFAULT_MAX_REGRESSION)
    : METRICS[o.gate];
  const baseline = sideOf(o.baselineResult, o.baseline);
  const candidate = sideOf(o.candidateResult, o.candidate);
  const deterministic = o.baselineResult.clock.deterministic &&
    o.candidateResult.clock.deterministic;
  const { sequential } = o.candidateResult.options;
  const plan = o.interleaved && sequential !== null ? planLooks(sequential) : null;
  const compare = (sides: Pick<ComparedSides, "baseline" | "candidate">): Comparison[] =>
    metrics.map((metric) =>
      compareSides(metric, { ...sides, deterministic, interleaved: o.interleaved, plan })
    );
  const sides = { baseline, candidate };
  const comparisons = compare(sides);
  const demanded = comparisons.filter(({ verdict }) => verdict !== null);
  const pairs = Math.min(baseline.runs.length, candidate.runs.length);
  const faults = [
    ...faultsOf(o.baselineResult, baseline),
    ...faultsOf(o.candidateResult, candidate),
  ];
  const judged = combineVerdicts(demanded.map((comparison) => comparison.verdict!));
  const results = [o.baselineResult, o.candidateResult];
  const judge = (others: SidesAtEnd): Verdict =>
    combineVerdicts(compare(others).map((each) => each.verdict).filter((found) => found !== null));
  const modelled = holdWithinModel(judged, { results, sides, judge });
  const interpolated = holdWithinTable(modelled.verdict, { results, sides, judge });
  const held = holdBack(interpolated.verdict, {
    results,
    sides: [baseline, candidate],
    pairs,
    held: o.interleaved ? [pairs, pairs] : [baseline.runs.length, candidate.runs.length],
    deterministic,
  });
  const unpaired = holdUnpaired(held.verdict, {
    ...{ interleaved: o.interleaved, deterministic, accepted: o.acceptUnpaired === true },
  });
  const verdict: Verdict = faults.length > 0 ? "FAIL" : unpaired.verdict;
  return {
    gate: o.gate,
    verdict,
    reasons: [
      ...new Set(faults),
      ...modelled.notes,
      ...interpolated.notes,
      ...held.notes,
      ...demanded.map(({ reason }) => reason),
      ...(deterministic ? [] : describeClockStates([baseline, candidate])),
      ...unpaired.notes,
    ],
    baseline: o.baseline,
    candidate: o.candidate,
    pairs,
    comparisons,
    control: [],
  };
}

/** A card that changes its clocks between runs makes two groups of times, not one with noise. */
function describeClockStates(sides: readonly SideResult[]): string[] {
  const series = sides.map(({ runs }) =>
    runs.map(({ order, performance }) => ({
      order,
      value: performance?.whole.tbtMs?.mean ?? performance?.whole.ttftMs?.mean ?? null,
    }))
  );
  const states = findClockStates(series);
  if (states === null) return [];
  return [
    `runs fall into two groups ${formatPercent(states.ratio - 1)} apart (${states.fastRuns} and ` +
    `${states.slowRuns} runs): the card changed its clocks, which the interval takes for noise; ` +
    "repeat with steady clocks",
  ];
}

function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The metrics with the threshold of a margin: 2 % worse is a ratio of 1.02, or of 1 / 1.02. */
export function allowRegression<T extends MetricFacts>(
  metrics: readonly T[],
  maxRegression: number,
): readonly T[] {
  return metrics.map((metric) => ({
    ...metric,
    threshold: metric.better === "lower" ? 1 + maxRegression : 1 / (1 + maxRegression),
  }));
}

/**
 * Judges `gate/read`: mean TTFT and mean TBT of the candidate must both be at least 5 % better than
 * those of the baseline. The pair is the one that the result names, by default `headwise` against
 * the whole row walked; the clipped uniform side stands beside it, and every other pair of the
 * sides that were replayed.
 *
 * @throws {BenchError} When a side was not replayed.
 */
export function gateRead(result: BenchResult): GateReport {
  const pair = result.options.readPair ?? READ_PAIR;
  const judge = (sides: SidePair): GateReport =>
    judgeSides({
      gate: "gate/read",
      baselineResult: result,
      candidateResult: result,
      ...sides,
      interleaved: true,
    });
  const names = result.sides.map(({ name }) => name);
  const forms = Object.values(SIDE_OF_FORM).filter((name) => names.includes(name));
  const others = forms.flatMap((baseline, index) =>
    forms.slice(index + 1).map((candidate) => ({ baseline, candidate }))
  ).filter((each) => each.baseline !== pair.baseline || each.candidate !== pair.candidate);
  const control = CONTROL !== pair.candidate && CONTROL !== pair.baseline && names.includes(CONTROL)
    ? judge({ baseline: pair.baseline, candidate: CONTROL }).comparisons.map(withoutDemand)
    : [];
  return {
    ...judge(pair),
    control,
    others: others.map((each) => ({
      ...each,
      comparisons: judge(each).comparisons.map(withoutDemand),
    })),
  };
}

/** The side that shows what reading less gives without a head-wise table. */
const CONTROL: SideName = SIDE_OF_FORM.clipped;

function withoutDemand(comparison: Comparison): Comparison {
  return {
    ...comparison,
    threshold: null,
    verdict: null,
    reason: "shown for information",
    minimumDetectableRatio: null,
    pairsToDecide: null,
  };
}

interface ComparedSides {
  readonly baseline: SideResult;
  readonly candidate: SideResult;
  readonly deterministic: boolean;
  readonly interleaved: boolean;
  readonly plan: SequentialPlan | null;
}

function compareSides(metric: Metric, o: ComparedSides): Comparison {
  const values = ({ runs }: SideResult): (number | null)[] =>
    runs.map(({ performance }) => (performance === null ? null : metric.value(performance)));
  const { sample } = metric;
  return compareMetric({
    ...metric,
    baseline: values(o.baseline),
    candidate: values(o.candidate),
    deterministic: o.deterministic,
    interleaved: o.interleaved,
    ...(o.plan === null
      ? {}
      : { level: levelAfter(o.plan, Math.min(o.baseline.runs.length, o.candidate.runs.length)) }),
    requestMedianLogRatios: sample === undefined
      ? []
      : requestMedians(o.baseline.runs, o.candidate.runs, sample),
  });
}

/** Median over requests of ln(candidate / baseline), a value for each pair that has any. */
function requestMedians(
  baseline: readonly RunResult[],
  candidate: readonly RunResult[],
  sample: "ttftMs" | "tpotMs",
): number[] {
  const medians: number[] = [];
  for (let pair = 0; pair < Math.min(baseline.length, candidate.length); pair++) {
    const [left, right] = [baseline[pair].samples?.[sample], candidate[pair].samples?.[sample]];
    const ratios: number[] = [];
    left?.forEach((value, request) => {
      const other = right?.[request] ?? null;
      if (value !== null && other !== null && value > 0 && other > 0) {
        ratios.push(Math.log(other / value));
      }
    });
    if (ratios.length > 0) medians.push(median(ratios));
  }
  return medians;
}

/** What fails a side whatever its times say. */
export function faultsOf(result: BenchResult, side: SideResult): string[] {
  const faults: string[] = [];
  if (result.verification.failures.length > 0) {
    faults.push(
      `${result.verification.failures.length} of ${result.verification.checks} checks failed, and ` +
        `a wrong kernel has no timing: ${result.verification.failures[0]}`,
    );
  }
  for (const { pair, performance, failedRequests } of side.runs) {
    const served = performance?.endToEndMs?.count ?? 0;
    const lost = result.requests.count - served - failedRequests.length;
    if (performance === null || lost <= 0) continue;
    faults.push(
      `Side '${side.name}' served ${served} of ${result.requests.count} requests in ` +
        `pair ${pair + 1}, and names ${failedRequests.length} as failed`,
    );
  }
  const failed = side.runs.flatMap(({ failedRequests }) => failedRequests);
  if (failed.length > 0) {
    faults.push(
      `Side '${side.name}' failed ${failed.length} requests, the first being request ` +
        `${failed[0].request}: ${failed[0].reason}`,
    );
  }
  return faults;
}

/** The side of a result, or an error that names the sides there are. */
export function sideOf(result: BenchResult, name: SideName): SideResult {
  const side = result.sides.find((candidate) => candidate.name === name);
  if (side !== undefined) return side;
  const present = result.sides.map((candidate) => candidate.name).join(", ");
  throw new BenchError(
    "gate/missing-side",
    `Cannot judge side '${name}': the result holds only [${present}]; replay it with the gate`,
  );
}

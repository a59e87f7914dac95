/** `gate/live`: one server against another, over interleaved run pairs. */

import { combineVerdicts, compareMetric } from "../statistics/mod.ts";
import { GATE_METRICS, type MetricFacts } from "../gate/mod.ts";
import type { LiveGateReport, LivePerformance, LiveSide } from "./live_schema.ts";

interface Metric extends MetricFacts {
  readonly value: (performance: LivePerformance) => number | null;
}

const METRICS: readonly Metric[] = [
  { ...GATE_METRICS.meanTtft, value: ({ ttftMs }) => ttftMs?.mean ?? null },
  { ...GATE_METRICS.meanTbt, value: ({ tbtMs }) => tbtMs?.mean ?? null },
  {
    metric: "output throughput",
    unit: "tokens/s",
    better: "higher",
    threshold: null,
    value: ({ outputTokensPerSecond }) => outputTokensPerSecond,
  },
  { ...GATE_METRICS.goodput, value: ({ goodputPerSecond }) => goodputPerSecond },
];

/**
 * Judges a server against another: mean TTFT and mean TBT must both be at least 5 % better, by the
 * same interval as every gate. A failed request on either side fails the gate.
 *
 * @param o Server that is judged, and the one that it is judged against.
 * @returns The verdict with its evidence.
 */
export function judgeLive(
  o: { readonly endpoint: LiveSide; readonly against: LiveSide },
): LiveGateReport {
  const values = (side: LiveSide, metric: Metric): (number | null)[] =>
    side.runs.map(({ performance }) => metric.value(performance));
  const comparisons = METRICS.map((metric) =>
    compareMetric({
      ...metric,
      baseline: values(o.against, metric),
      candidate: values(o.endpoint, metric),
      deterministic: false,
    })
  );
  const demanded = comparisons.filter(({ verdict }) => verdict !== null);
  const faults = [o.endpoint, o.against].flatMap(faultsOf);
  return {
    gate: "gate/live",
    verdict: faults.length > 0 ? "FAIL" : combineVerdicts(demanded.map(({ verdict }) => verdict!)),
    reasons: [...faults, ...demanded.map(({ reason }) => reason)],
    pairs: Math.min(o.endpoint.runs.length, o.against.runs.length),
    comparisons,
  };
}

function faultsOf({ role, url, runs }: LiveSide): string[] {
  const errors = runs.flatMap((run) => run.errors);
  if (errors.length === 0) return [];
  const [{ request, kind, message }] = errors;
  return [
    `The server ${role} '${url}' failed ${errors.length} requests, the first being request ` +
    `${request}: ${kind}: ${message}`,
  ];
}

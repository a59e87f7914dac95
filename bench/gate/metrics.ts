/** The metrics of the gates, whoever measured them, and what is demanded of each. */

/** Mean TTFT and mean TBT must fall to this ratio: 5 % better. */
export const READ_THRESHOLD = 0.95;
/** Throughput must rise to this ratio: 30 % better. */
export const CAPACITY_THRESHOLD = 1.3;

/** A metric may be worse by this share where nothing is said: 2 %. */
export const DEFAULT_MAX_REGRESSION = 0.02;

/** Output tokens of both sides agree within this share: engines stop at their own end of text. */
export const MAX_OUTPUT_DIFFERENCE = 0.05;

/**
 * Whether answers of two sides are of so different lengths that their times say nothing: a server
 * that answers with fewer tokens is not a faster one.
 *
 * @param left Output tokens of one side.
 * @param right Those of the other, over as many requests.
 * @returns True where they are more than {@link MAX_OUTPUT_DIFFERENCE} of the larger one apart.
 */
export function outputsDiffer(left: number, right: number): boolean {
  return Math.abs(right - left) > MAX_OUTPUT_DIFFERENCE * Math.max(left, right);
}

/** What a gate says of a metric, without where its values come from. */
export interface MetricFacts {
  /** Name in reports. */
  readonly metric: string;
  readonly unit: string;
  /** Which direction is an improvement. */
  readonly better: "lower" | "higher";
  /** Ratio of candidate to baseline that is demanded, or null where it is only shown. */
  readonly threshold: number | null;
}

/**
 * A latency.
 *
 * @param threshold Ratio that is demanded, or null.
 */
export function latency(metric: string, threshold: number | null): MetricFacts {
  return { metric, unit: "ms", better: "lower", threshold };
}

function rate(metric: string, unit: string, threshold: number | null = null): MetricFacts {
  return { metric, unit, better: "higher", threshold };
}

/** Every metric that a gate shows or judges by. */
export const GATE_METRICS = {
  meanTtft: latency("mean TTFT", READ_THRESHOLD),
  meanTbt: latency("mean TBT", READ_THRESHOLD),
  meanTtftOfAttention: latency("mean TTFT, attention only", null),
  meanTbtOfAttention: latency("mean TBT, attention only", null),
  meanTpot: latency("mean TPOT", null),
  meanEndToEnd: latency("mean end-to-end latency", null),
  throughput: rate("throughput", "output tokens/s", CAPACITY_THRESHOLD),
  requestThroughput: rate("request throughput", "requests/s"),
  goodput: rate("goodput", "requests/s"),
  meanConcurrency: rate("mean concurrency", "requests"),
  memoryBoundConcurrency: rate("concurrency while memory bounds", "requests"),
  peakConcurrency: rate("peak concurrency", "requests"),
} as const satisfies Readonly<Record<string, MetricFacts>>;

/**
 * Latencies of requests: one value each while all are kept, buckets where requests are too many. What
 * was folded is dropped, so that the memory of a long replay does not grow with its requests.
 */

import type { RequestSequence } from "./arrivals.ts";
import { addGap, createGapSketch, type GapSketch } from "./gap_sketch.ts";
import { dropRequests, type RequestTimes } from "./request_times.ts";

/** Requests of a replay that keeps a value for each; of more, only buckets are kept. */
export const KEPT_REQUESTS: number = 2 ** 17;

/** The latencies of a request, by name. */
export const FIGURES = [
  "ttftMs",
  "queueMs",
  "ttftWithoutQueueMs",
  "tpotMs",
  "endToEndMs",
  "attentionTtftMs",
] as const;

/** Name of a latency. */
export type Figure = (typeof FIGURES)[number];

/** Requests and tokens that were served in full. */
export interface Served {
  completed: number;
  inputTokens: number;
  outputTokens: number;
}

/** Figures of requests, in milliseconds; of one that was not served in full all are NaN. */
export interface RequestFigures extends Readonly<Record<Figure, Float64Array>> {
  readonly served: Readonly<Served>;
}

/** Figures of requests that were dropped. */
export interface FoldedRequests extends Readonly<Record<Figure, GapSketch>> {
  readonly served: Served;
  /** Times that one of them lost its pages. */
  preemptions: number;
}

/** A value for each figure. */
function ofEach<T>(make: () => T): Record<Figure, T> {
  return Object.fromEntries(FIGURES.map((figure) => [figure, make()])) as Record<Figure, T>;
}

/** Creates figures of no request. */
export function createFoldedRequests(): FoldedRequests {
  return {
    ...ofEach(createGapSketch),
    served: { completed: 0, inputTokens: 0, outputTokens: 0 },
    preemptions: 0,
  };
}

/**
 * Adds the figures of the first kept requests to those that were folded, and drops them; does nothing
 * where all are kept.
 *
 * @param run What was folded before, or null; times of the kept requests, and all requests.
 * @param end The first request that stays; those before it have ended.
 */
export function foldRequests(
  run: {
    readonly foldedRequests: FoldedRequests | null;
    readonly times: RequestTimes;
    readonly arrivals: { readonly requests: RequestSequence };
  },
  end: number,
): void {
  const { foldedRequests: folded, times, arrivals: { requests } } = run;
  if (folded === null || end <= times.base) return;
  const figures = figuresOf(times, requests, end);
  for (const figure of FIGURES) addValues(folded[figure], figures[figure]);
  for (const key of ["completed", "inputTokens", "outputTokens"] as const) {
    folded.served[key] += figures.served[key];
  }
  folded.preemptions += sumCounts(times.preemptions.subarray(0, end - times.base));
  dropRequests(times, end);
}

/** Σ of counts. */
export function sumCounts(counts: Int32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** The values that are known; `filter` would hold each of them as an object first. */
export function knownOf(values: Float64Array): Float64Array {
  const known = new Float64Array(values.length);
  let count = 0;
  for (const value of values) if (!Number.isNaN(value)) known[count++] = value;
  return known.subarray(0, count);
}

/** Adds one value per request, leaving out those that are not known. */
export function addValues(sketch: GapSketch, values: Float64Array): void {
  for (const value of values) if (!Number.isNaN(value)) addGap(sketch, value, 1);
}

/** Figures of the kept requests before `end`. */
export function figuresOf(
  times: RequestTimes,
  requests: RequestSequence,
  end: number,
): RequestFigures {
  const figures = ofEach(() => new Float64Array(end - times.base).fill(NaN));
  const served = { completed: 0, inputTokens: 0, outputTokens: 0 };
  for (let index = 0; index < end - times.base; index++) {
    const { inputTokens, outputTokens } = requests.at(times.base + index)!;
    if (outputTokens <= 0 || times.tokens[index] !== outputTokens) continue;
    const arrivalMs = times.arrivalMs[index];
    const [firstMs, lastMs] = [times.firstMs[index], times.lastMs[index]];
    const gaps = outputTokens - 1;
    figures.ttftMs[index] = rounded(firstMs - arrivalMs);
    figures.queueMs[index] = rounded(times.startedMs[index] - arrivalMs);
    figures.ttftWithoutQueueMs[index] = figures.ttftMs[index] - figures.queueMs[index];
    if (gaps > 0) figures.tpotMs[index] = rounded((lastMs - firstMs) / gaps);
    figures.endToEndMs[index] = rounded(lastMs - arrivalMs);
    figures.attentionTtftMs[index] = times.firstAttentionMs[index] -
      times.arrivalAttentionMs[index];
    served.completed++;
    served.inputTokens += inputTokens;
    served.outputTokens += outputTokens;
  }
  return { ...figures, served };
}

/** Nanoseconds are kept: enough for any clock here, and half of the file. */
export function rounded(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}

/** Latencies and throughput of one replay or of replicas together. */

import type { Ranks } from "../scheduler/mod.ts";
import {
  addGap,
  createGapSketch,
  gapsOf,
  mergeSketch,
  SKETCH_RELATIVE_ERROR,
  summarizeSketch,
} from "./gap_sketch.ts";
import type { ReplayLog } from "./log.ts";
import type {
  PeakPages,
  PrefixUse,
  RequestSamples,
  RunPerformance,
  Summary,
  TokenGaps,
} from "../result/mod.ts";
import { sortSample, summarize, summarizeSamples } from "../statistics/mod.ts";
import { groupGaps } from "./gap_groups.ts";
import { type MeasuredPart, measurePart } from "./part.ts";
import { addValues, type Figure, knownOf, rounded, type Served } from "./request_figures.ts";

/** What a replay measured, with the raw values. */
export interface Measured {
  /** Summaries. */
  readonly performance: RunPerformance;
  /**
   * Largest relative distance of a quantile of requests from the exact one, 0 where a value is kept
   * for each; means, counts, least and most are exact.
   */
  readonly requestRelativeError: number;
  /** A value for each request, unless they were too many to keep; made when it is asked for. */
  readonly samples: RequestSamples;
}

/** One replica's replay, and where its requests stand. */
export interface ReplicaPart {
  /** What it came to. */
  readonly measured: MeasuredPart;
  /** Place of each of its requests among all, null where it served them all. */
  readonly places: Int32Array | null;
}

/** Computes the metrics of a finished replay. */
export function measure(log: ReplayLog, ranks: Ranks): Measured {
  return joinParts([{ measured: measurePart(log, ranks), places: null }]);
}

/**
 * Computes the metrics of replicas together. Requests and gaps are pooled; running requests, pages,
 * steps and times of steps are added up, the peak of running requests over the replicas' own peaks.
 */
export function joinParts(replicas: readonly ReplicaPart[]): Measured {
  const parts = replicas.map(({ measured }) => measured);
  const sum = (pick: (part: MeasuredPart) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  const served = (key: keyof Served): number =>
    sum(({ figures, foldedRequests }) => figures.served[key] + (foldedRequests?.served[key] ?? 0));
  const isFolded = parts.some(({ foldedRequests }) => foldedRequests !== null);
  const summary = (figure: Figure): Summary | null => summarizeFigure(replicas, figure);
  const ends = parts.flatMap(({ endMs }) => endMs ?? []);
  const firstArrivalMs = Math.min(...parts.map((part) => part.firstArrivalMs));
  const durationMs = ends.length === 0 ? 0 : Math.max(...ends) - firstArrivalMs;
  const rate = (count: number): number | null =>
    served("completed") === 0 || durationMs <= 0 ? null : count / durationMs * 1000;
  const attentionMs = sum((part) => part.attentionMs);
  const boundMs = sum(({ busy }) => busy.boundMs);
  const prefixUses = parts.map(({ pools }) => pools.prefixCache);
  const working = parts.map(({ busy }) => busy).filter(({ stepMs }) => stepMs > 0);
  return {
    performance: {
      whole: { ttftMs: summary("ttftMs"), tbtMs: summarizeTbt(parts, "whole") },
      attentionOnly: {
        ttftMs: summary("attentionTtftMs"),
        tbtMs: summarizeTbt(parts, "attention"),
      },
      ...(parts.some(({ gaps }) => gaps.kind === "folded")
        ? { tbtRelativeError: SKETCH_RELATIVE_ERROR }
        : {}),
      queueMs: summary("queueMs"),
      ttftWithoutQueueMs: summary("ttftWithoutQueueMs"),
      tpotMs: summary("tpotMs"),
      endToEndMs: summary("endToEndMs"),
      durationMs,
      requestsPerSecond: rate(served("completed")),
      outputTokensPerSecond: rate(served("outputTokens")),
      totalTokensPerSecond: rate(served("inputTokens") + served("outputTokens")),
      meanConcurrency: working.length === 0
        ? null
        : working.reduce((total, { weighted, stepMs }) => total + weighted / stepMs, 0),
      peakConcurrency: sum(({ busy }) => busy.peak),
      memoryBoundConcurrency: boundMs === 0
        ? null
        : sum(({ busy }) => busy.boundWeighted) / boundMs,
      preemptions: sum(({ preempted }) => preempted),
      peakPages: addUp(parts.map(({ pools }) => pools.peakPages)),
      prefixCache: prefixUses.includes(null) ? null : addUp(prefixUses.map((use) => use!)),
      steps: sum(({ steps }) => steps),
      attentionMs,
      restMs: sum(({ busy }) => busy.stepMs) - attentionMs,
    },
    requestRelativeError: isFolded ? SKETCH_RELATIVE_ERROR : 0,
    get samples(): RequestSamples {
      if (isFolded) {
        throw new RangeError(
          "Cannot give a value for each request: they were too many to keep; set keptRequests",
        );
      }
      return sampleRequests(replicas);
    },
  };
}

/** Gaps between tokens in whole steps, in groups: each of them, or the middles of their buckets. */
export function groupTokenGaps(replicas: readonly ReplicaPart[]): TokenGaps | null {
  return groupGaps(
    replicas.map(({ measured: { gaps } }) => {
      if (gaps.kind === "sorted") return gaps.whole;
      const { gapsMs, tokens } = gapsOf(gaps.whole);
      return sortSample(gapsMs, tokens);
    }),
  );
}

/** Adds records of counts up, field by field. */
function addUp<T extends PeakPages | PrefixUse>(records: readonly T[]): T {
  return records.reduce((total, record) =>
    Object.fromEntries(
      (Object.keys(total) as (keyof T)[]).map((key) => [key, +total[key] + +record[key]]),
    ) as unknown as T
  );
}

/** Puts a column of replicas' requests back into the order in which all of them arrived. */
function joinColumns<A extends Float64Array | Int32Array>(
  replicas: readonly ReplicaPart[],
  pick: (part: MeasuredPart) => A,
  array: new (length: number) => A,
): A {
  const [{ measured: only, places: place }] = replicas;
  if (replicas.length === 1 && place === null) return pick(only);
  const joined = new array(replicas.reduce((sum, { measured }) => sum + measured.requests, 0));
  for (const { measured, places } of replicas) {
    const column = pick(measured);
    for (let request = 0; request < measured.requests; request++) {
      joined[places === null ? request : places[request]] = column[request];
    }
  }
  return joined;
}

/** Raw values of each request; null where the request failed. */
function sampleRequests(replicas: readonly ReplicaPart[]): RequestSamples {
  const known = (figure: Figure): (number | null)[] =>
    Array.from(
      joinColumns(replicas, ({ figures }) => figures[figure], Float64Array),
      (value) => Number.isNaN(value) ? null : value,
    );
  const closed = replicas.every(({ measured }) => measured.arrivalMs !== null);
  return {
    ...(closed
      ? {
        arrivalMs: Array.from(
          joinColumns(replicas, ({ arrivalMs }) => arrivalMs!, Float64Array),
          rounded,
        ),
      }
      : {}),
    ttftMs: known("ttftMs"),
    queueMs: known("queueMs"),
    tpotMs: known("tpotMs"),
    endToEndMs: known("endToEndMs"),
    preemptions: Array.from(joinColumns(replicas, ({ preemptions }) => preemptions, Int32Array)),
  };
}

function summarizeTbt(
  parts: readonly MeasuredPart[],
  clock: "whole" | "attention",
): Summary | null {
  const kept = parts.flatMap(({ gaps }) => gaps.kind === "sorted" ? [gaps[clock]] : []);
  const folded = parts.flatMap(({ gaps }) => gaps.kind === "folded" ? [gaps[clock]] : []);
  if (folded.length === 0) return summarizeSamples(kept);
  if (parts.length === 1) return summarizeSketch(folded[0]);
  const sketch = createGapSketch();
  for (const part of folded) mergeSketch(sketch, part);
  for (const { values, countUpTo } of kept) {
    values.forEach((gapMs, place) =>
      addGap(sketch, gapMs, countUpTo[place] - (place === 0 ? 0 : countUpTo[place - 1]))
    );
  }
  return summarizeSketch(sketch);
}

function summarizeFigure(replicas: readonly ReplicaPart[], figure: Figure): Summary | null {
  const folded = replicas.flatMap(({ measured }) => measured.foldedRequests ?? []);
  if (folded.length === 0) {
    return summarize(
      knownOf(joinColumns(replicas, ({ figures }) => figures[figure], Float64Array)),
    );
  }
  const [{ measured: { figures: kept } }] = replicas;
  if (replicas.length === 1 && kept[figure].length === 0) return summarizeSketch(folded[0][figure]);
  const sketch = createGapSketch();
  for (const { measured } of replicas) {
    addValues(sketch, measured.figures[figure]);
    if (measured.foldedRequests !== null) mergeSketch(sketch, measured.foldedRequests[figure]);
  }
  return summarizeSketch(sketch);
}

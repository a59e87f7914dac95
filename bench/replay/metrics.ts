/** Latencies and throughput of one replay, from times by request and by step. */

import { pageStatistics } from "../../allocator/mod.ts";
import { describePrefixUse, type Ranks } from "../scheduler/mod.ts";
import { addBusy, type BusySums, createBusySums } from "./fold.ts";
import {
  addGaps,
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
} from "../result/mod.ts";
import { summarize, summarizeWeighted } from "../statistics/mod.ts";
import { attentionBefore, nowMs } from "./timeline.ts";
import { collectGaps, type WeightedGaps } from "./token_gaps.ts";

/** What a replay measured, with the raw values. */
export interface Measured {
  /** Summaries. */
  readonly performance: RunPerformance;
  /** A value for each request; made when it is asked for. */
  readonly samples: RequestSamples;
}

/** One replica's replay. */
export interface ReplayPart {
  /** What it left behind. */
  readonly log: ReplayLog;
  /** Its pools. */
  readonly ranks: Ranks;
  /** Place of each of its requests among all, null where it served them all. */
  readonly places: Int32Array | null;
}

/** Figures of a request, in milliseconds; of a failed one all are NaN. */
interface RequestFigures {
  readonly ttftMs: Float64Array;
  readonly queueMs: Float64Array;
  readonly tpotMs: Float64Array;
  readonly endToEndMs: Float64Array;
  readonly attentionTtftMs: Float64Array;
  readonly completed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Computes the metrics of a finished replay. */
export function measure(log: ReplayLog, ranks: Ranks): Measured {
  return measureParts([{ log, ranks, places: null }]);
}

/**
 * Computes the metrics of replicas together. Requests and gaps are pooled; running requests, pages,
 * steps and times of steps are added up, the peak of running requests over the replicas' own peaks.
 */
export function measureParts(parts: readonly ReplayPart[]): Measured {
  const figures = joinFigures(parts);
  const firstArrivalMs = Math.min(
    ...parts.flatMap(({ log: { requests } }) => requests.at(0)?.arrivalMs ?? []),
  );
  const ends = parts.flatMap(({ log: { timeline } }) =>
    timeline.timed === 0 ? [] : [nowMs(timeline, timeline.timed)]
  );
  const durationMs = ends.length === 0 ? 0 : Math.max(...ends) - firstArrivalMs;
  const rate = (count: number): number | null =>
    figures.completed === 0 || durationMs <= 0 ? null : count / durationMs * 1000;
  const busy = parts.map(({ log }) => busyOf(log));
  const sum = (pick: (part: ReplayPart, index: number) => number): number =>
    parts.reduce((total, part, index) => total + pick(part, index), 0);
  const attentionMs = sum(({ log: { timeline } }) => attentionBefore(timeline, timeline.timed));
  const boundMs = sum((_, index) => busy[index].boundMs);
  const working = busy.filter(({ stepMs }) => stepMs > 0);
  return {
    performance: {
      whole: {
        ttftMs: summarizeKnown(figures.ttftMs),
        tbtMs: summarizeGaps(parts, "whole"),
      },
      attentionOnly: {
        ttftMs: summarizeKnown(figures.attentionTtftMs),
        tbtMs: summarizeGaps(parts, "attention"),
      },
      ...(parts.some(({ log }) => log.folded !== null)
        ? { tbtRelativeError: SKETCH_RELATIVE_ERROR }
        : {}),
      queueMs: summarizeKnown(figures.queueMs),
      ttftWithoutQueueMs: summarizeKnown(
        figures.ttftMs.map((ms, request) => ms - figures.queueMs[request]),
      ),
      tpotMs: summarizeKnown(figures.tpotMs),
      endToEndMs: summarizeKnown(figures.endToEndMs),
      durationMs,
      requestsPerSecond: rate(figures.completed),
      outputTokensPerSecond: rate(figures.outputTokens),
      totalTokensPerSecond: rate(figures.inputTokens + figures.outputTokens),
      meanConcurrency: working.length === 0
        ? null
        : working.reduce((total, { weighted, stepMs }) => total + weighted / stepMs, 0),
      peakConcurrency: sum((_, index) => busy[index].peak),
      memoryBoundConcurrency: boundMs === 0
        ? null
        : sum((_, index) => busy[index].boundWeighted) / boundMs,
      preemptions: sum(({ log }) => log.preemptions.reduce((total, count) => total + count, 0)),
      peakPages: joinPeaks(parts.map(({ ranks }) => peakPages(ranks))),
      prefixCache: joinPrefixUse(parts.map(({ ranks }) => describePrefixUse(ranks))),
      steps: sum(({ log }) => log.timeline.timed),
      attentionMs,
      restMs: sum((_, index) => busy[index].stepMs) - attentionMs,
    },
    get samples(): RequestSamples {
      return sampleRequests(parts, figures);
    },
  };
}

function busyOf({ folded, timeline }: ReplayLog): BusySums {
  if (folded !== null) return folded.busy;
  const busy = createBusySums();
  addBusy(busy, timeline);
  return busy;
}

function joinPeaks(peaks: readonly PeakPages[]): PeakPages {
  return peaks.reduce((total, { fullHeads, windowHeads, capacity }) => ({
    fullHeads: total.fullHeads + fullHeads,
    windowHeads: total.windowHeads + windowHeads,
    capacity: total.capacity + capacity,
  }));
}

function joinPrefixUse(uses: readonly (PrefixUse | null)[]): PrefixUse | null {
  return uses.reduce((total, use) =>
    total === null || use === null ? null : {
      lookups: total.lookups + use.lookups,
      hits: total.hits + use.hits,
      hitTokens: total.hitTokens + use.hitTokens,
      insertedBlocks: total.insertedBlocks + use.insertedBlocks,
      evictedBlocks: total.evictedBlocks + use.evictedBlocks,
    }
  );
}

/** Puts the figures of replicas' requests back into the order in which all of them arrived. */
function joinFigures(parts: readonly ReplayPart[]): RequestFigures {
  const figures = parts.map(({ log }) => figuresOf(log));
  const [only] = parts;
  if (parts.length === 1 && only.places === null) return figures[0];
  const join = (pick: (part: RequestFigures) => Float64Array): Float64Array =>
    place(parts, (_, part) => pick(figures[part]), Float64Array);
  const sum = (pick: (part: RequestFigures) => number): number =>
    figures.reduce((total, part) => total + pick(part), 0);
  return {
    ttftMs: join((part) => part.ttftMs),
    queueMs: join((part) => part.queueMs),
    tpotMs: join((part) => part.tpotMs),
    endToEndMs: join((part) => part.endToEndMs),
    attentionTtftMs: join((part) => part.attentionTtftMs),
    completed: sum((part) => part.completed),
    inputTokens: sum((part) => part.inputTokens),
    outputTokens: sum((part) => part.outputTokens),
  };
}

function place<A extends Float64Array | Int32Array>(
  parts: readonly ReplayPart[],
  pick: (part: ReplayPart, index: number) => A,
  array: new (length: number) => A,
): A {
  const joined = new array(parts.reduce((total, { log }) => total + log.requests.length, 0));
  parts.forEach((part, index) =>
    pick(part, index).forEach((value, request) =>
      joined[part.places === null ? request : part.places[request]] = value
    )
  );
  return joined;
}

function figuresOf(log: ReplayLog): RequestFigures {
  const { requests, times } = log;
  const unknown = (): Float64Array => new Float64Array(requests.length).fill(NaN);
  const [ttftMs, queueMs, tpotMs] = [unknown(), unknown(), unknown()];
  const [endToEndMs, attentionTtftMs] = [unknown(), unknown()];
  let [completed, input, output] = [0, 0, 0];
  for (let index = 0; index < requests.length; index++) {
    const request = requests.at(index)!;
    const { inputTokens, outputTokens } = request;
    if (outputTokens <= 0 || times.tokens[index] !== outputTokens) continue;
    const arrivalMs = times.arrivalMs === null ? request.arrivalMs : times.arrivalMs[index];
    const [firstMs, lastMs] = [times.firstMs[index], times.lastMs[index]];
    const gaps = outputTokens - 1;
    ttftMs[index] = rounded(firstMs - arrivalMs);
    queueMs[index] = rounded(times.startedMs[index] - arrivalMs);
    if (gaps > 0) tpotMs[index] = rounded((lastMs - firstMs) / gaps);
    endToEndMs[index] = rounded(lastMs - arrivalMs);
    attentionTtftMs[index] = times.firstAttentionMs[index] - times.arrivalAttentionMs[index];
    completed++;
    input += inputTokens;
    output += outputTokens;
  }
  return {
    ttftMs,
    queueMs,
    tpotMs,
    endToEndMs,
    attentionTtftMs,
    completed,
    inputTokens: input,
    outputTokens: output,
  };
}

/** Raw values of each request; null where the request failed. */
function sampleRequests(parts: readonly ReplayPart[], figures: RequestFigures): RequestSamples {
  const known = (values: Float64Array): (number | null)[] =>
    Array.from(values, (value) => Number.isNaN(value) ? null : value);
  const closed = parts.every(({ log }) => log.times.arrivalMs !== null);
  return {
    ...(closed
      ? {
        arrivalMs: Array.from(
          place(parts, ({ log }) => log.times.arrivalMs!, Float64Array),
          rounded,
        ),
      }
      : {}),
    ttftMs: known(figures.ttftMs),
    queueMs: known(figures.queueMs),
    tpotMs: known(figures.tpotMs),
    endToEndMs: known(figures.endToEndMs),
    preemptions: Array.from(place(parts, ({ log }) => log.preemptions, Int32Array)),
  };
}

function summarizeGaps(parts: readonly ReplayPart[], clock: "whole" | "attention"): Summary | null {
  if (parts.some(({ log }) => log.folded !== null)) {
    const sketch = createGapSketch();
    for (const { log } of parts) {
      if (log.folded !== null) mergeSketch(sketch, log.folded.gaps[clock]);
      else addGaps(sketch, keptGaps(log, clock));
    }
    return summarizeSketch(sketch);
  }
  const { gapsMs, tokens } = joinGaps(parts.map(({ log }) => keptGaps(log, clock)));
  return summarizeWeighted(gapsMs, tokens);
}

function joinGaps(gaps: readonly WeightedGaps[]): WeightedGaps {
  if (gaps.length === 1) return gaps[0];
  const join = (pick: (part: WeightedGaps) => Float64Array): Float64Array => {
    const joined = new Float64Array(gaps.reduce((total, part) => total + pick(part).length, 0));
    let at = 0;
    for (const part of gaps) {
      joined.set(pick(part), at);
      at += pick(part).length;
    }
    return joined;
  };
  return { gapsMs: join(({ gapsMs }) => gapsMs), tokens: join(({ tokens }) => tokens) };
}

/** Gaps between tokens in whole steps: each of them, or the middles of their buckets. */
export function wholeGaps(parts: readonly ReplayPart[]): WeightedGaps {
  return joinGaps(
    parts.map(({ log }) =>
      log.folded === null ? keptGaps(log, "whole") : gapsOf(log.folded.gaps.whole)
    ),
  );
}

function keptGaps(
  { tokens, timeline, requests }: ReplayLog,
  clock: "whole" | "attention",
): WeightedGaps {
  const atMs = clock === "whole" ? timeline.endMs : timeline.attentionUpToMs;
  const beforeMs = new Float64Array(requests.length).fill(NaN);
  return collectGaps(tokens, timeline, { atMs, beforeMs });
}

function summarizeKnown(values: Float64Array): Summary | null {
  return summarize(values.filter((value) => !Number.isNaN(value)));
}

/** Head-pages of a table page: a uniform one counts once for each head of each layer group. */
export function headPagesOf(ranks: Ranks): number {
  const { layout, heads } = ranks.measured.options;
  return layout === "uniform" ? heads.kvHeads * heads.groups.length : 1;
}

function peakPages(ranks: Ranks): PeakPages {
  const headPages = headPagesOf(ranks);
  const statistics = pageStatistics(ranks.measured);
  return {
    fullHeads: statistics.peakFullHeadPages * headPages,
    windowHeads: statistics.peakWindowHeadPages * headPages,
    capacity: statistics.capacityPages * headPages,
  };
}

/** Nanoseconds are kept: enough for any clock here, and half of the file. */
function rounded(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}

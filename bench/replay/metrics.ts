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
import {
  addValues,
  type Figure,
  figuresOf,
  knownOf,
  type RequestFigures,
  rounded,
  type Served,
  sumCounts,
} from "./request_figures.ts";
import { attentionBefore, nowMs } from "./timeline.ts";
import { collectGaps, type WeightedGaps } from "./token_gaps.ts";

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

/** One replica's replay. */
export interface ReplayPart {
  /** What it left behind. */
  readonly log: ReplayLog;
  /** What became of its pools. */
  readonly pools: PoolUse;
  /** Place of each of its requests among all, null where it served them all. */
  readonly places: Int32Array | null;
}

/** What is told of the pools of a replay: plain data, unlike the pools. */
export interface PoolUse {
  /** Head-pages of a table page: a uniform one counts once for each head of each layer group. */
  readonly headPages: number;
  /** Most head-pages held at once. */
  readonly peakPages: PeakPages;
  /** Use of the prefix cache, null without one. */
  readonly prefixCache: PrefixUse | null;
}

/** Reads what became of the pools of a finished replay. */
export function describePools(ranks: Ranks): PoolUse {
  const headPages = headPagesOf(ranks);
  return {
    headPages,
    peakPages: peakPages(ranks, headPages),
    prefixCache: describePrefixUse(ranks),
  };
}

/** Computes the metrics of a finished replay. */
export function measure(log: ReplayLog, ranks: Ranks): Measured {
  return measureParts([{ log, pools: describePools(ranks), places: null }]);
}

/**
 * Computes the metrics of replicas together. Requests and gaps are pooled; running requests, pages,
 * steps and times of steps are added up, the peak of running requests over the replicas' own peaks.
 */
export function measureParts(parts: readonly ReplayPart[]): Measured {
  const kept = parts.map(({ log: { times, requests } }) =>
    figuresOf(times, requests, requests.length)
  );
  const served = (key: keyof Served): number =>
    parts.reduce(
      (total, { log: { foldedRequests } }, part) =>
        total + kept[part].served[key] + (foldedRequests?.served[key] ?? 0),
      0,
    );
  const isFolded = parts.some(({ log }) => log.foldedRequests !== null);
  const summary = (figure: Figure): Summary | null => summarizeFigure(parts, kept, figure);
  const firstArrivalMs = Math.min(
    ...parts.flatMap(({ log: { requests } }) => requests.at(0)?.arrivalMs ?? []),
  );
  const ends = parts.flatMap(({ log: { timeline } }) =>
    timeline.timed === 0 ? [] : [nowMs(timeline, timeline.timed)]
  );
  const durationMs = ends.length === 0 ? 0 : Math.max(...ends) - firstArrivalMs;
  const rate = (count: number): number | null =>
    served("completed") === 0 || durationMs <= 0 ? null : count / durationMs * 1000;
  const busy = parts.map(({ log }) => busyOf(log));
  const sum = (pick: (part: ReplayPart, index: number) => number): number =>
    parts.reduce((total, part, index) => total + pick(part, index), 0);
  const attentionMs = sum(({ log: { timeline } }) => attentionBefore(timeline, timeline.timed));
  const boundMs = sum((_, index) => busy[index].boundMs);
  const working = busy.filter(({ stepMs }) => stepMs > 0);
  return {
    performance: {
      whole: {
        ttftMs: summary("ttftMs"),
        tbtMs: summarizeGaps(parts, "whole"),
      },
      attentionOnly: {
        ttftMs: summary("attentionTtftMs"),
        tbtMs: summarizeGaps(parts, "attention"),
      },
      ...(parts.some(({ log }) => log.folded !== null)
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
      peakConcurrency: sum((_, index) => busy[index].peak),
      memoryBoundConcurrency: boundMs === 0
        ? null
        : sum((_, index) => busy[index].boundWeighted) / boundMs,
      preemptions: sum(({ log: { times, foldedRequests } }) =>
        sumCounts(times.preemptions) + (foldedRequests?.preemptions ?? 0)
      ),
      peakPages: joinPeaks(parts.map(({ pools }) => pools.peakPages)),
      prefixCache: joinPrefixUse(parts.map(({ pools }) => pools.prefixCache)),
      steps: sum(({ log }) => log.timeline.timed),
      attentionMs,
      restMs: sum((_, index) => busy[index].stepMs) - attentionMs,
    },
    requestRelativeError: isFolded ? SKETCH_RELATIVE_ERROR : 0,
    get samples(): RequestSamples {
      if (isFolded) {
        throw new RangeError(
          "Cannot give a value for each request: they were too many to keep; set keptRequests",
        );
      }
      return sampleRequests(parts, joinFigures(parts, kept));
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
function joinFigures(
  parts: readonly ReplayPart[],
  figures: readonly RequestFigures[],
): Readonly<Record<Figure, Float64Array>> {
  const [only] = parts;
  if (parts.length === 1 && only.places === null) return figures[0];
  const join = (figure: Figure): Float64Array =>
    place(parts, (_, part) => figures[part][figure], Float64Array);
  return {
    ttftMs: join("ttftMs"),
    queueMs: join("queueMs"),
    ttftWithoutQueueMs: join("ttftWithoutQueueMs"),
    tpotMs: join("tpotMs"),
    endToEndMs: join("endToEndMs"),
    attentionTtftMs: join("attentionTtftMs"),
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

/** Raw values of each request; null where the request failed. */
function sampleRequests(
  parts: readonly ReplayPart[],
  figures: Readonly<Record<Figure, Float64Array>>,
): RequestSamples {
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
    preemptions: Array.from(place(parts, ({ log }) => log.times.preemptions, Int32Array)),
  };
}

function summarizeGaps(parts: readonly ReplayPart[], clock: "whole" | "attention"): Summary | null {
  if (parts.length === 1 && parts[0].log.folded !== null) {
    return summarizeSketch(parts[0].log.folded.gaps[clock]);
  }
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
  { tokens, timeline }: ReplayLog,
  clock: "whole" | "attention",
): WeightedGaps {
  const atMs = clock === "whole" ? timeline.endMs : timeline.attentionUpToMs;
  return collectGaps(tokens, timeline, { atMs, beforeMs: new Float64Array(0), base: 0 });
}

function summarizeFigure(
  parts: readonly ReplayPart[],
  kept: readonly RequestFigures[],
  figure: Figure,
): Summary | null {
  if (parts.every(({ log }) => log.foldedRequests === null)) {
    const values = parts.length === 1 ? kept[0][figure] : joinFigures(parts, kept)[figure];
    return summarize(knownOf(values));
  }
  const [{ log: { foldedRequests: only } }] = parts;
  if (parts.length === 1 && only !== null && kept[0][figure].length === 0) {
    return summarizeSketch(only[figure]);
  }
  const sketch = createGapSketch();
  parts.forEach(({ log: { foldedRequests } }, part) => {
    addValues(sketch, kept[part][figure]);
    if (foldedRequests !== null) mergeSketch(sketch, foldedRequests[figure]);
  });
  return summarizeSketch(sketch);
}

function headPagesOf(ranks: Ranks): number {
  const { layout, heads } = ranks.measured.options;
  return layout === "uniform" ? heads.kvHeads * heads.groups.length : 1;
}

function peakPages(ranks: Ranks, headPages: number): PeakPages {
  const statistics = pageStatistics(ranks.measured);
  return {
    fullHeads: statistics.peakFullHeadPages * headPages,
    windowHeads: statistics.peakWindowHeadPages * headPages,
    capacity: statistics.capacityPages * headPages,
  };
}

/** Latencies and throughput of one replay, from times by request and by step. */

import { pageStatistics } from "../../allocator/mod.ts";
import { describePrefixUse, type Ranks } from "../scheduler/mod.ts";
import { addBusy, createBusySums } from "./fold.ts";
import { gapsOf, SKETCH_RELATIVE_ERROR, summarizeSketch } from "./gap_sketch.ts";
import type { ReplayLog } from "./log.ts";
import type { PeakPages, RequestSamples, RunPerformance, Summary } from "../result/mod.ts";
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
  const { timeline, requests, folded } = log;
  const figures = figuresOf(log);
  const firstArrivalMs = requests.length === 0 ? 0 : requests.at(0)!.arrivalMs;
  const endMs = timeline.timed === 0 ? firstArrivalMs : nowMs(timeline, timeline.timed);
  const durationMs = endMs - firstArrivalMs;
  const attentionMs = attentionBefore(timeline, timeline.timed);
  const rate = (count: number): number | null =>
    figures.completed === 0 || durationMs <= 0 ? null : count / durationMs * 1000;
  const busy = folded?.busy ?? createBusySums();
  if (folded === null) addBusy(busy, timeline);
  return {
    performance: {
      whole: {
        ttftMs: summarizeKnown(figures.ttftMs),
        tbtMs: summarizeGaps(log, "whole"),
      },
      attentionOnly: {
        ttftMs: summarizeKnown(figures.attentionTtftMs),
        tbtMs: summarizeGaps(log, "attention"),
      },
      ...(folded === null ? {} : { tbtRelativeError: SKETCH_RELATIVE_ERROR }),
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
      meanConcurrency: busy.stepMs === 0 ? null : busy.weighted / busy.stepMs,
      peakConcurrency: busy.peak,
      memoryBoundConcurrency: busy.boundMs === 0 ? null : busy.boundWeighted / busy.boundMs,
      preemptions: log.preemptions.reduce((sum, count) => sum + count, 0),
      peakPages: peakPages(ranks),
      prefixCache: describePrefixUse(ranks),
      steps: timeline.timed,
      attentionMs,
      restMs: busy.stepMs - attentionMs,
    },
    get samples(): RequestSamples {
      return sampleRequests(log, figures);
    },
  };
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
function sampleRequests(
  { times, preemptions }: ReplayLog,
  figures: RequestFigures,
): RequestSamples {
  const known = (values: Float64Array): (number | null)[] =>
    Array.from(values, (value) => Number.isNaN(value) ? null : value);
  return {
    ...(times.arrivalMs === null ? {} : { arrivalMs: Array.from(times.arrivalMs, rounded) }),
    ttftMs: known(figures.ttftMs),
    queueMs: known(figures.queueMs),
    tpotMs: known(figures.tpotMs),
    endToEndMs: known(figures.endToEndMs),
    preemptions: Array.from(preemptions),
  };
}

function summarizeGaps(log: ReplayLog, clock: "whole" | "attention"): Summary | null {
  if (log.folded !== null) return summarizeSketch(log.folded.gaps[clock]);
  const { timeline } = log;
  const gaps = keptGaps(log, clock === "whole" ? timeline.endMs : timeline.attentionUpToMs);
  return summarizeWeighted(gaps.gapsMs, gaps.tokens);
}

/** Gaps between tokens in whole steps: each of them, or the middles of their buckets. */
export function wholeGaps(log: ReplayLog): WeightedGaps {
  return log.folded === null ? keptGaps(log, log.timeline.endMs) : gapsOf(log.folded.gaps.whole);
}

function keptGaps({ tokens, timeline, requests }: ReplayLog, atMs: Float64Array): WeightedGaps {
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

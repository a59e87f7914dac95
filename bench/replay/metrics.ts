/** Latencies and throughput of one replay, from step indices and step times. */

import { pageStatistics } from "../../allocator/mod.ts";
import { describePrefixUse, type Ranks } from "../scheduler/mod.ts";
import type { ReplayLog } from "./log.ts";
import type { PeakPages, RequestSamples, RunPerformance, Summary } from "../result/mod.ts";
import { summarize, summarizeWeighted } from "../statistics/mod.ts";
import { attentionAt, nowMs, type Timeline } from "./timeline.ts";
import { collectGaps } from "./token_gaps.ts";
import { countTokens, firstTokenStep, lastTokenStep } from "./token_log.ts";

/** What a replay measured, with the raw values. */
export interface Measured {
  /** Summaries. */
  readonly performance: RunPerformance;
  /** A value for each request. */
  readonly samples: RequestSamples;
}

/** Computes the metrics of a finished replay. */
export function measure(log: ReplayLog, ranks: Ranks): Measured {
  const { timeline, requests } = log;
  const samples = sampleRequests(log);
  const attentionTtft = requests.flatMap((_, index) => {
    const step = completedFirstStep(log, index);
    if (step < 0) return [];
    return [timeline.attentionUpToMs[step] - attentionAt(timeline, arrivalOf(log, index))];
  });
  const firstArrivalMs = requests.length === 0 ? 0 : requests[0].arrivalMs;
  const endMs = timeline.timed === 0 ? firstArrivalMs : timeline.endMs[timeline.timed - 1];
  const durationMs = endMs - firstArrivalMs;
  const attentionMs = timeline.timed === 0 ? 0 : timeline.attentionUpToMs[timeline.timed - 1];
  const completed = requests.filter((_, index) => isComplete(log, index));
  const outputTokens = completed.reduce((sum, request) => sum + request.outputTokens, 0);
  const inputTokens = completed.reduce((sum, request) => sum + request.inputTokens, 0);
  const rate = (count: number): number | null =>
    completed.length === 0 || durationMs <= 0 ? null : count / durationMs * 1000;
  const busy = concurrency(timeline);
  return {
    performance: {
      whole: {
        ttftMs: summarizePresent(samples.ttftMs),
        tbtMs: summarizeGaps(log, timeline.endMs),
      },
      attentionOnly: {
        ttftMs: summarize(attentionTtft),
        tbtMs: summarizeGaps(log, timeline.attentionUpToMs),
      },
      queueMs: summarizePresent(samples.queueMs),
      ttftWithoutQueueMs: summarize(withoutQueue(samples)),
      tpotMs: summarizePresent(samples.tpotMs),
      endToEndMs: summarizePresent(samples.endToEndMs),
      durationMs,
      requestsPerSecond: rate(completed.length),
      outputTokensPerSecond: rate(outputTokens),
      totalTokensPerSecond: rate(inputTokens + outputTokens),
      meanConcurrency: busy.mean,
      peakConcurrency: busy.peak,
      memoryBoundConcurrency: busy.memoryBound,
      preemptions: samples.preemptions.reduce((sum, count) => sum + count, 0),
      peakPages: peakPages(ranks),
      prefixCache: describePrefixUse(ranks),
      steps: timeline.timed,
      attentionMs,
      restMs: busy.stepMs - attentionMs,
    },
    samples,
  };
}

/** Raw values of each request; null where the request failed. */
function sampleRequests(log: ReplayLog): RequestSamples {
  const { timeline, tokens, firstSteps, requests } = log;
  const samples = {
    ...(log.arrivalSteps === null
      ? {}
      : { arrivalMs: requests.map((_, index) => rounded(arrivalOf(log, index))) }),
    ttftMs: [] as (number | null)[],
    queueMs: [] as (number | null)[],
    tpotMs: [] as (number | null)[],
    endToEndMs: [] as (number | null)[],
    preemptions: Array.from(log.preemptions),
  };
  requests.forEach(({ outputTokens }, index) => {
    const arrivalMs = arrivalOf(log, index);
    const first = completedFirstStep(log, index);
    const done = first >= 0;
    const firstMs = timeline.endMs[first];
    const lastMs = timeline.endMs[lastTokenStep(tokens, index)];
    const gaps = outputTokens - 1;
    samples.ttftMs.push(done ? rounded(firstMs - arrivalMs) : null);
    samples.queueMs.push(done ? rounded(timeline.startMs[firstSteps[index]] - arrivalMs) : null);
    samples.tpotMs.push(done && gaps > 0 ? rounded((lastMs - firstMs) / gaps) : null);
    samples.endToEndMs.push(done ? rounded(lastMs - arrivalMs) : null);
  });
  return samples;
}

/** When a request arrived: by its own time, or with the end of a step. */
function arrivalOf({ arrivalSteps, timeline, requests }: ReplayLog, index: number): number {
  return arrivalSteps === null
    ? requests[index].arrivalMs
    : nowMs(timeline, Math.min(arrivalSteps[index], timeline.timed));
}

/** From the first step with a request in it to its first token. */
function withoutQueue({ ttftMs, queueMs }: RequestSamples): number[] {
  return ttftMs.flatMap((ms, index) => {
    const queue = queueMs[index];
    return ms === null || queue === null ? [] : [ms - queue];
  });
}

/** Step of the first token of a request that was served to its end, −1 of another. */
function completedFirstStep(log: ReplayLog, request: number): number {
  return isComplete(log, request) ? firstTokenStep(log.tokens, request) : -1;
}

function isComplete(log: ReplayLog, request: number): boolean {
  return countTokens(log.tokens, request) === log.requests[request].outputTokens &&
    log.requests[request].outputTokens > 0;
}

function summarizeGaps(log: ReplayLog, clockMs: Float64Array): Summary | null {
  const { gapsMs, tokens } = collectGaps(log.tokens, log.timeline, clockMs);
  return summarizeWeighted(gapsMs, tokens);
}

interface Concurrency {
  readonly mean: number | null;
  readonly peak: number;
  readonly memoryBound: number | null;
  readonly stepMs: number;
}

function concurrency(timeline: Timeline): Concurrency {
  let [weighted, stepMs, peak, boundWeighted, boundMs] = [0, 0, 0, 0, 0];
  for (let step = 0; step < timeline.timed; step++) {
    const ms = timeline.endMs[step] - timeline.startMs[step];
    weighted += ms * timeline.running[step];
    stepMs += ms;
    peak = Math.max(peak, timeline.running[step]);
    if (timeline.memoryBound[step] === 0) continue;
    boundWeighted += ms * timeline.running[step];
    boundMs += ms;
  }
  return {
    mean: stepMs === 0 ? null : weighted / stepMs,
    peak,
    memoryBound: boundMs === 0 ? null : boundWeighted / boundMs,
    stepMs,
  };
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

function summarizePresent(values: readonly (number | null)[]): Summary | null {
  return summarize(values.filter((value) => value !== null));
}

/** Nanoseconds are kept: enough for any clock here, and half of the file. */
function rounded(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}

/** Latencies and throughput of one replay, from step indices and step times. */

import { pageStatistics } from "../allocator/mod.ts";
import { describePrefixUse } from "./prefix_replay.ts";
import type { Ranks } from "./ranks.ts";
import type { ReplayLog } from "./replay_state.ts";
import type { PeakPages, RequestSamples, RunPerformance, Summary } from "./result_types.ts";
import { summarize, summarizeWeighted } from "./statistics.ts";
import { attentionAt, type Timeline } from "./timeline.ts";
import { countTokens, firstTokenStep, lastTokenStep, type TokenLog } from "./token_log.ts";

/** What a replay measured, with the raw values. */
export interface Measured {
  /** Summaries. */
  readonly performance: RunPerformance;
  /** A value for each request. */
  readonly samples: RequestSamples;
}

/** Computes the metrics of a finished replay. */
export function measure(log: ReplayLog, ranks: Ranks): Measured {
  const { timeline, tokens, requests } = log;
  const samples = sampleRequests(log);
  const attentionTtft = requests.flatMap((request, index) => {
    const step = completedFirstStep(log, index);
    if (step < 0) return [];
    return [timeline.attentionUpToMs[step] - attentionAt(timeline, request.arrivalMs)];
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
        tbtMs: summarizeGaps(tokens, timeline, timeline.endMs),
      },
      attentionOnly: {
        ttftMs: summarize(attentionTtft),
        tbtMs: summarizeGaps(tokens, timeline, timeline.attentionUpToMs),
      },
      queueMs: summarizePresent(samples.queueMs),
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
    ttftMs: [] as (number | null)[],
    queueMs: [] as (number | null)[],
    tpotMs: [] as (number | null)[],
    endToEndMs: [] as (number | null)[],
    preemptions: Array.from(log.preemptions),
  };
  requests.forEach(({ arrivalMs, outputTokens }, index) => {
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

/** Step of the first token of a request that was served to its end, −1 of another. */
function completedFirstStep(log: ReplayLog, request: number): number {
  return isComplete(log, request) ? firstTokenStep(log.tokens, request) : -1;
}

function isComplete(log: ReplayLog, request: number): boolean {
  return countTokens(log.tokens, request) === log.requests[request].outputTokens &&
    log.requests[request].outputTokens > 0;
}

/**
 * Gaps between tokens, weighted instead of written out. Undisturbed runs of all requests share
 * their gaps, so they are counted by step with a difference array for each number of tokens a step.
 */
function summarizeGaps(log: TokenLog, timeline: Timeline, clockMs: Float64Array): Summary | null {
  const inside = new Map<number, Float64Array>();
  for (let run = 0; run < log.runs; run++) {
    const [step, steps, tokens] = [log.step[run], log.steps[run], log.tokens[run]];
    if (steps <= 1) continue;
    let counts = inside.get(tokens);
    if (counts === undefined) {
      counts = new Float64Array(timeline.timed + 1);
      inside.set(tokens, counts);
    }
    counts[step + 1]++;
    counts[step + steps]--;
  }
  const most = log.runs + inside.size * timeline.timed;
  const [gaps, weights] = [new Float64Array(most), new Float64Array(most)];
  let found = 0;
  for (let request = 0; request < log.firstRun.length; request++) {
    let before = -1;
    for (let run = log.firstRun[request]; run >= 0; run = log.next[run]) {
      const [step, tokens] = [log.step[run], log.tokens[run]];
      if (before >= 0) {
        gaps[found] = (clockMs[step] - clockMs[before]) / tokens;
        weights[found++] = tokens;
      }
      before = step + log.steps[run] - 1;
    }
  }
  for (const [tokens, counts] of inside) {
    let requests = 0;
    for (let step = 1; step < timeline.timed; step++) {
      requests += counts[step];
      if (requests === 0) continue;
      gaps[found] = (clockMs[step] - clockMs[step - 1]) / tokens;
      weights[found++] = requests * tokens;
    }
  }
  return summarizeWeighted(gaps.subarray(0, found), weights.subarray(0, found));
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

/** Peaks in head-pages: a uniform page counts once for each head of each layer group. */
function peakPages(ranks: Ranks): PeakPages {
  const { layout, heads } = ranks.measured.options;
  const headPages = layout === "uniform" ? heads.kvHeads * heads.groups.length : 1;
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

/**
 * What a finished replay comes to before it is joined with those of other replicas. It is computed
 * where the replica was replayed and is plain data, so that a thread can send it.
 */

import { pageStatistics } from "../../allocator/mod.ts";
import type { PeakPages, PrefixUse } from "../result/mod.ts";
import { describePrefixUse, type Ranks } from "../scheduler/mod.ts";
import { addBusy, type BusySums, createBusySums } from "./fold.ts";
import type { GapSketch } from "./gap_sketch.ts";
import type { ReplayLog } from "./log.ts";
import {
  figuresOf,
  type FoldedRequests,
  type RequestFigures,
  sumCounts,
} from "./request_figures.ts";
import { type SortedSample, sortSample } from "../statistics/mod.ts";
import { attentionBefore, nowMs } from "./timeline.ts";
import { forEachGap } from "./token_gaps.ts";

/** One replica's replay, measured. */
export interface MeasuredPart {
  /** Requests of the replica. */
  readonly requests: number;
  /** Arrival of its first request in milliseconds; infinite without one. */
  readonly firstArrivalMs: number;
  /** End of its last step in milliseconds, null without one. */
  readonly endMs: number | null;
  /** Steps replayed. */
  readonly steps: number;
  /** Attention of all steps, in milliseconds. */
  readonly attentionMs: number;
  /** Time-weighted sums of the batch. */
  readonly busy: BusySums;
  /** Latencies of the kept requests. */
  readonly figures: RequestFigures;
  /** Those of the requests that were not kept, null where all were. */
  readonly foldedRequests: FoldedRequests | null;
  /** Times that each kept request lost its pages. */
  readonly preemptions: Int32Array;
  /** Times that any request lost its pages. */
  readonly preempted: number;
  /** Arrivals of a closed loop or of turns, null where all requests have their own. */
  readonly arrivalMs: Float64Array | null;
  /** Gaps between tokens, in whole steps and of attention alone: sorted, or in buckets if too many. */
  readonly gaps: PartGaps;
  /** What became of its pools. */
  readonly pools: PoolUse;
}

/** Gaps of a replay that kept all its steps, or of one that folded them. */
export type PartGaps =
  | { readonly kind: "sorted"; readonly whole: SortedSample; readonly attention: SortedSample }
  | { readonly kind: "folded"; readonly whole: GapSketch; readonly attention: GapSketch };

/** What is told of the pools of a replay: plain data, unlike the pools. */
export interface PoolUse {
  /** Most head-pages held at once; a uniform page counts once for each head of each layer group. */
  readonly peakPages: PeakPages;
  /** Use of the prefix cache, null without one. */
  readonly prefixCache: PrefixUse | null;
}

/** Head-pages of a table page. */
export function headPagesOf({ measured: { options: { layout, heads } } }: Ranks): number {
  return layout === "uniform" ? heads.kvHeads * heads.groups.length : 1;
}

/** Measures a finished replay. */
export function measurePart(log: ReplayLog, ranks: Ranks): MeasuredPart {
  const { times, timeline, foldedRequests, arrivals: { requests, loop, turns } } = log;
  return {
    requests: requests.length,
    firstArrivalMs: requests.at(0)?.arrivalMs ?? Infinity,
    endMs: timeline.timed === 0 ? null : nowMs(timeline, timeline.timed),
    steps: timeline.timed,
    attentionMs: attentionBefore(timeline, timeline.timed),
    busy: busyOf(log),
    figures: figuresOf(times, requests, requests.length),
    foldedRequests,
    preemptions: times.preemptions,
    preempted: sumCounts(times.preemptions) + (foldedRequests?.preemptions ?? 0),
    arrivalMs: loop === null && turns === null ? null : times.arrivalMs,
    gaps: gapsOfLog(log),
    pools: { peakPages: peakPages(ranks), prefixCache: describePrefixUse(ranks) },
  };
}

function busyOf({ folded, timeline }: ReplayLog): BusySums {
  if (folded !== null) return folded.busy;
  const busy = createBusySums();
  addBusy(busy, timeline);
  return busy;
}

function gapsOfLog({ folded, tokens, timeline }: ReplayLog): PartGaps {
  if (folded !== null) return { kind: "folded", ...folded.gaps };
  const sorted = (atMs: Float64Array): SortedSample => {
    const clock = { atMs, beforeMs: new Float64Array(0), base: 0 };
    const [gapsMs, counts]: [number[], number[]] = [[], []];
    forEachGap(tokens, timeline, clock, (gapMs, count) => {
      gapsMs.push(gapMs);
      counts.push(count);
    });
    return sortSample(gapsMs, counts);
  };
  return {
    kind: "sorted",
    whole: sorted(timeline.endMs),
    attention: sorted(timeline.attentionUpToMs),
  };
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

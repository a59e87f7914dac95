/**
 * Sums a stretch of steps up, so that the memory of a long replay does not grow with its steps. What
 * a result needs of them is kept: times by request, gaps between tokens in buckets, the batch's mean,
 * and entries of many steps. A replay that never folds keeps every step, and its figures are exact.
 */

import { addGaps, createGapSketch, type GapSketch } from "./gap_sketch.ts";
import type { KeptSteps } from "./kept_steps.ts";
import { gapClocks, type RequestTimes, takeTimes } from "./request_times.ts";
import { dropSteps, type Timeline } from "./timeline.ts";
import { collectGaps } from "./token_gaps.ts";
import { clearTokens } from "./token_log.ts";

/** Steps that are kept at once; a replay of no more is exact. */
export const KEPT_STEPS: number = 2 ** 19;
/** Steps that are kept at once by a replay that has folded some. */
export const STRETCH_STEPS: number = 2 ** 15;

/** Time-weighted sums of the batch. */
export interface BusySums {
  weighted: number;
  stepMs: number;
  peak: number;
  boundWeighted: number;
  boundMs: number;
}

/** Entries of equally many steps each, the last one excepted. */
export interface StepColumns {
  readonly stepsPerEntry: number;
  /** Start of each entry's first step, and end of its last. */
  readonly startMs: ArrayLike<number>;
  readonly endMs: ArrayLike<number>;
  /** Attention of all steps up to the end of each entry. */
  readonly attentionUpToMs: ArrayLike<number>;
  /** Σ over the steps of each entry. */
  readonly running: ArrayLike<number>;
  readonly prefillTokens: ArrayLike<number>;
  readonly decodeTokens: ArrayLike<number>;
  /** Most over the steps of each entry. */
  readonly fullHeadPages: ArrayLike<number>;
  readonly windowHeadPages: ArrayLike<number>;
}

/** What was folded so far. */
export interface Folded {
  readonly gaps: { readonly whole: GapSketch; readonly attention: GapSketch };
  readonly busy: BusySums;
  readonly entries: { readonly [K in Exclude<keyof StepColumns, "stepsPerEntry">]: number[] };
}

/** Steps of an entry of a folded replay. */
export const FOLDED_STEPS_PER_ENTRY = 1024;

/** Creates sums of nothing. */
export function createFolded(): Folded {
  return {
    gaps: { whole: createGapSketch(), attention: createGapSketch() },
    busy: createBusySums(),
    entries: {
      startMs: [],
      endMs: [],
      attentionUpToMs: [],
      running: [],
      prefillTokens: [],
      decodeTokens: [],
      fullHeadPages: [],
      windowHeadPages: [],
    },
  };
}

/** Creates sums of no step. */
export function createBusySums(): BusySums {
  return { weighted: 0, stepMs: 0, peak: 0, boundWeighted: 0, boundMs: 0 };
}

/**
 * Folds the steps that were not folded before, and drops all but the last one; all have times.
 *
 * @param o Requests that may have been started in them, and whether no more steps follow.
 */
export function foldSteps(
  folded: Folded,
  times: RequestTimes,
  log: KeptSteps,
  o: { readonly started: Iterable<number>; readonly isEnd: boolean },
): void {
  const { timeline, tokens } = log;
  const clocks = gapClocks(timeline, times);
  addGaps(folded.gaps.whole, collectGaps(tokens, timeline, clocks.whole));
  addGaps(folded.gaps.attention, collectGaps(tokens, timeline, clocks.attention));
  takeTimes(times, log, o);
  addBusy(folded.busy, timeline);
  addEntries(folded.entries, timeline);
  dropSteps(timeline);
  clearTokens(tokens);
}

/** Adds the kept steps to the sums of the batch. */
export function addBusy(busy: BusySums, timeline: Timeline): void {
  for (
    let index = timeline.summed - timeline.base;
    index < timeline.timed - timeline.base;
    index++
  ) {
    const ms = timeline.endMs[index] - timeline.startMs[index];
    busy.weighted += ms * timeline.running[index];
    busy.stepMs += ms;
    busy.peak = Math.max(busy.peak, timeline.running[index]);
    if (timeline.memoryBound[index] === 0) continue;
    busy.boundWeighted += ms * timeline.running[index];
    busy.boundMs += ms;
  }
}

function addEntries(entries: Folded["entries"], timeline: Timeline): void {
  for (let step = timeline.summed; step < timeline.timed; step++) {
    const index = step - timeline.base;
    const entry = Math.floor(step / FOLDED_STEPS_PER_ENTRY);
    if (entry === entries.startMs.length) {
      entries.startMs.push(timeline.startMs[index]);
      for (const key of ["running", "prefillTokens", "decodeTokens"] as const) entries[key].push(0);
      for (const key of ["fullHeadPages", "windowHeadPages"] as const) entries[key].push(0);
    }
    entries.endMs[entry] = timeline.endMs[index];
    entries.attentionUpToMs[entry] = timeline.attentionUpToMs[index];
    entries.running[entry] += timeline.running[index];
    entries.prefillTokens[entry] += timeline.prefillTokens[index];
    entries.decodeTokens[entry] += timeline.decodeTokens[index];
    entries.fullHeadPages[entry] = Math.max(
      entries.fullHeadPages[entry],
      timeline.fullHeadPages[index],
    );
    entries.windowHeadPages[entry] = Math.max(
      entries.windowHeadPages[entry],
      timeline.windowHeadPages[index],
    );
  }
}

/** The steps of a finished replay: each by itself, or the entries that they were folded into. */
export function stepColumns(
  { timeline, folded }: { readonly timeline: Timeline; readonly folded: Folded | null },
): StepColumns {
  return folded === null
    ? { stepsPerEntry: 1, ...timeline }
    : { stepsPerEntry: FOLDED_STEPS_PER_ENTRY, ...folded.entries };
}

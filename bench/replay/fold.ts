/**
 * Sums a stretch of steps up, so that the memory of a long replay does not grow with its steps. What
 * a result needs of them is kept: times by request, gaps between tokens in buckets, the batch's mean,
 * and entries of many steps. A replay that never folds keeps every step, and its figures are exact.
 */

import { addGap, createGapSketch, type GapSketch } from "./gap_sketch.ts";
import { gapClocks, type KeptSteps, type RequestTimes, takeTimes } from "./request_times.ts";
import { dropSteps, type Timeline } from "./timeline.ts";
import { forEachGap } from "./token_gaps.ts";
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

/** What was folded so far. */
export interface Folded {
  readonly gaps: { readonly whole: GapSketch; readonly attention: GapSketch };
  readonly busy: BusySums;
  readonly entries: { readonly [K in keyof typeof JOINS]: number[] };
}

type Join = (held: number | undefined, value: number) => number;
const first: Join = (held, value) => held ?? value;
const last: Join = (_, value) => value;
const sum: Join = (held = 0, value) => held + value;
const most: Join = (held = 0, value) => Math.max(held, value);

/** What is kept of an entry, and how its steps come to one value. */
const JOINS = {
  /** Start of its first step. */
  startMs: first,
  /** End of its last step. */
  endMs: last,
  /** Attention of all steps up to its end. */
  attentionUpToMs: last,
  running: sum,
  prefillTokens: sum,
  decodeTokens: sum,
  fullHeadPages: most,
  windowHeadPages: most,
} as const;
const COLUMNS = Object.keys(JOINS) as (keyof typeof JOINS)[];

/** Entries of equally many steps each, the last one excepted. */
export type StepColumns =
  & { readonly [K in keyof typeof JOINS]: ArrayLike<number> }
  & { readonly stepsPerEntry: number };

/** Steps of an entry of a folded replay. */
const FOLDED_STEPS_PER_ENTRY = 1024;

/** Creates sums of nothing. */
export function createFolded(): Folded {
  return {
    gaps: { whole: createGapSketch(), attention: createGapSketch() },
    busy: createBusySums(),
    entries: Object.fromEntries(COLUMNS.map((key) => [key, []])) as unknown as Folded["entries"],
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
  for (const key of ["whole", "attention"] as const) {
    const sketch = folded.gaps[key];
    forEachGap(tokens, timeline, clocks[key], (gapMs, count) => addGap(sketch, gapMs, count));
  }
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
  for (const key of COLUMNS) {
    const [into, from, join] = [entries[key], timeline[key], JOINS[key]];
    for (let step = timeline.summed; step < timeline.timed; step++) {
      const entry = Math.floor(step / FOLDED_STEPS_PER_ENTRY);
      into[entry] = join(into[entry], from[step - timeline.base]);
    }
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

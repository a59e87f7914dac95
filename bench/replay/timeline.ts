/**
 * When steps began and ended. Steps are laid end to end; a step may have to wait for an arrival
 * when nothing was left to do. Times reach the timeline later than the steps do.
 */

import type { StepTimes } from "../clock/mod.ts";
import { type ColumnKinds, type Columns, createColumns, resizeColumns } from "./columns.ts";

/** What is kept of each step. */
const COLUMNS = {
  /**
   * Start of each timed step, in milliseconds; of a planned one the earliest, 0 where it follows its
   * predecessor.
   */
  startMs: [Float64Array],
  /** End of each timed step, in milliseconds. */
  endMs: [Float64Array],
  /** Attention of all steps up to and with each timed step, in milliseconds. */
  attentionUpToMs: [Float64Array],
  /** Requests running in each planned step. */
  running: [Int32Array],
  /** 1 for each planned step in which a request waited because pages were short. */
  memoryBound: [Uint8Array],
  /** Prompt tokens of each planned step. */
  prefillTokens: [Int32Array],
  /** Tokens of decode rows of each planned step. */
  decodeTokens: [Int32Array],
  /** Table pages that full heads hold in each planned step. */
  fullHeadPages: [Int32Array],
  /** Table pages that window heads hold in each planned step. */
  windowHeadPages: [Int32Array],
} as const satisfies ColumnKinds;

/**
 * Begin, end and attention share of the steps that are kept. The first one is `base`: of a long
 * replay, steps before it have been summed up and dropped, and every array begins with it.
 */
export interface Timeline extends Columns<typeof COLUMNS> {
  /** Steps dropped. */
  base: number;
  /** Steps that have been summed up; of these only the last one is kept. */
  summed: number;
  /** End of the last dropped step, in milliseconds; 0 without one. */
  baseEndMs: number;
  /** Attention of all dropped steps, in milliseconds. */
  baseAttentionMs: number;
  /** Steps planned. */
  planned: number;
  /** Steps whose times are known. */
  timed: number;
}

/** What is known of a step when it is planned, by its columns; what is left out is 0. */
export type PlannedStep = Readonly<
  Partial<Record<Exclude<keyof typeof COLUMNS, "endMs" | "attentionUpToMs">, number>>
>;

/** Steps that there is room for after all but the last were dropped. */
const MOST_EMPTY = 2 ** 15;

/** Creates an empty timeline. */
export function createTimeline(): Timeline {
  return {
    base: 0,
    summed: 0,
    baseEndMs: 0,
    baseAttentionMs: 0,
    planned: 0,
    timed: 0,
    ...createColumns(COLUMNS, 1024),
  };
}

/** Adds a step whose times are not known yet. */
export function recordStep(timeline: Timeline, step: PlannedStep): void {
  if (timeline.planned - timeline.base === timeline.running.length) {
    resizeColumns(timeline, COLUMNS, 2 * timeline.running.length);
  }
  const index = timeline.planned++ - timeline.base;
  timeline.startMs[index] = step.startMs ?? 0;
  timeline.running[index] = step.running ?? 0;
  timeline.memoryBound[index] = step.memoryBound ?? 0;
  timeline.prefillTokens[index] = step.prefillTokens ?? 0;
  timeline.decodeTokens[index] = step.decodeTokens ?? 0;
  timeline.fullHeadPages[index] = step.fullHeadPages ?? 0;
  timeline.windowHeadPages[index] = step.windowHeadPages ?? 0;
}

/** Takes the times of the oldest steps that have none yet. */
export function timeSteps(timeline: Timeline, times: StepTimes): void {
  for (let i = 0; i < times.attentionMs.length; i++) {
    const step = timeline.timed++;
    const index = step - timeline.base;
    const start = Math.max(nowMs(timeline, step), timeline.startMs[index]);
    timeline.startMs[index] = start;
    timeline.endMs[index] = start + times.attentionMs[i] + times.restMs[i];
    timeline.attentionUpToMs[index] = attentionBefore(timeline, step) + times.attentionMs[i];
  }
}

/**
 * Drops every step but the last one; all of them have times and have been summed up. The last one
 * tells when a step beside it was planned.
 */
export function dropSteps(timeline: Timeline): void {
  timeline.summed = timeline.timed;
  const last = timeline.timed - 1;
  if (last < timeline.base) return;
  timeline.baseEndMs = nowMs(timeline, last);
  timeline.baseAttentionMs = attentionBefore(timeline, last);
  const { startMs, endMs, attentionUpToMs } = timeline;
  const kept = [startMs, endMs, attentionUpToMs].map((array) => array[last - timeline.base]);
  if (timeline.running.length > MOST_EMPTY) {
    Object.assign(timeline, createColumns(COLUMNS, MOST_EMPTY));
  }
  [timeline.startMs[0], timeline.endMs[0], timeline.attentionUpToMs[0]] = kept;
  timeline.base = last;
}

/** Start of a kept step. */
export function startOf(timeline: Timeline, step: number): number {
  return timeline.startMs[step - timeline.base];
}

/** End of a kept step. */
export function endOf(timeline: Timeline, step: number): number {
  return timeline.endMs[step - timeline.base];
}

/** Attention of all steps up to and with a kept one. */
export function attentionUpTo(timeline: Timeline, step: number): number {
  return timeline.attentionUpToMs[step - timeline.base];
}

/** End of the step before `step`: the time when it could begin; 0 before the first. */
export function nowMs(timeline: Timeline, step: number): number {
  return step === timeline.base ? timeline.baseEndMs : endOf(timeline, step - 1);
}

/** Attention of all steps before `step`, in milliseconds. */
export function attentionBefore(timeline: Timeline, step: number): number {
  return step === timeline.base ? timeline.baseAttentionMs : attentionUpTo(timeline, step - 1);
}

/**
 * Attention done by a moment that no dropped step contains, in milliseconds; inside a step it is
 * taken to pass evenly. O(log steps).
 */
export function attentionAt(timeline: Timeline, timeMs: number): number {
  let low = timeline.base;
  let high = timeline.timed;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (endOf(timeline, middle) > timeMs) high = middle;
    else low = middle + 1;
  }
  const before = attentionBefore(timeline, low);
  if (low === timeline.timed) return before;
  const startMs = startOf(timeline, low);
  if (timeMs <= startMs) return before;
  const share = (timeMs - startMs) / (endOf(timeline, low) - startMs);
  return before + share * (attentionUpTo(timeline, low) - before);
}

/** The steps of a replay as they are stored: joined where there are more than were asked for. */

import type { PageHistory, StepTimeline } from "../result/mod.ts";
import type { Ranks } from "../scheduler/mod.ts";
import { type StepColumns, stepColumns } from "./fold.ts";
import type { ReplayLog } from "./log.ts";
import { headPagesOf } from "./part.ts";
import { rounded } from "./request_figures.ts";

/** The steps of a finished replay, in at most `maxEntries` entries. */
export function recordSteps(log: ReplayLog, ranks: Ranks, maxEntries: number): StepTimeline {
  return joinSteps(stepColumns(log), {
    steps: log.timeline.timed,
    maxEntries,
    headPages: headPagesOf(ranks),
    pageHistory: log.pageHistory,
  });
}

/**
 * Joins neighbouring steps until at most `maxEntries` entries are left.
 *
 * @param columns Steps with their times, or entries of a power of two of them.
 * @param o Number of steps, most entries, what a table page counts for in head-pages, and the page
 *   history.
 */
export function joinSteps(
  columns: StepColumns,
  o: {
    readonly steps: number;
    readonly maxEntries: number;
    readonly headPages: number;
    readonly pageHistory: PageHistory | null;
  },
): StepTimeline {
  const { steps } = o;
  let { stepsPerEntry } = columns;
  while (Math.ceil(steps / stepsPerEntry) > o.maxEntries) stepsPerEntry *= 2;
  const joined = stepsPerEntry / columns.stepsPerEntry;
  const given = Math.ceil(steps / columns.stepsPerEntry);
  const entries = Array.from({ length: Math.ceil(given / joined) }, (_, entry) => ({
    first: entry * joined,
    end: Math.min(given, (entry + 1) * joined),
    steps: Math.min(steps, (entry + 1) * stepsPerEntry) - entry * stepsPerEntry,
  }));
  const sumOf = (values: ArrayLike<number>): number[] =>
    entries.map(({ first, end }) => sum(values, first, end));
  const mostOf = (values: ArrayLike<number>): number[] =>
    entries.map(({ first, end }) => most(values, first, end) * o.headPages);
  const attentionUpTo = (entry: number): number =>
    entry === 0 ? 0 : columns.attentionUpToMs[entry - 1];
  return {
    steps,
    stepsPerEntry,
    startMs: entries.map(({ first }) => rounded(columns.startMs[first])),
    endMs: entries.map(({ end }) => rounded(columns.endMs[end - 1])),
    attentionMs: entries.map(({ first, end }) =>
      rounded(attentionUpTo(end) - attentionUpTo(first))
    ),
    running: entries.map(({ first, end, steps }) =>
      Math.round(sum(columns.running, first, end) / steps * 1000) / 1000
    ),
    prefillTokens: sumOf(columns.prefillTokens),
    decodeTokens: sumOf(columns.decodeTokens),
    fullHeadPages: mostOf(columns.fullHeadPages),
    windowHeadPages: mostOf(columns.windowHeadPages),
    pageHistory: o.pageHistory,
  };
}

function sum(values: ArrayLike<number>, first: number, end: number): number {
  let total = 0;
  for (let i = first; i < end; i++) total += values[i];
  return total;
}

/** A loop, for an entry may cover more steps than a call takes arguments. */
function most(values: ArrayLike<number>, first: number, end: number): number {
  let largest = 0;
  for (let i = first; i < end; i++) largest = Math.max(largest, values[i]);
  return largest;
}

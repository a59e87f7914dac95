/** The steps of a replay as they are stored: joined where there are more than were asked for. */

import type { PageHistory, StepTimeline } from "../result/mod.ts";
import type { Timeline } from "./timeline.ts";

/**
 * Joins neighbouring steps until at most `maxEntries` entries are left.
 *
 * @param timeline Steps with their times.
 * @param o Most entries, what a table page counts for in head-pages, and the page history.
 * @returns The timeline as it is stored.
 */
export function joinSteps(
  timeline: Timeline,
  o: {
    readonly maxEntries: number;
    readonly headPages: number;
    readonly pageHistory: PageHistory | null;
  },
): StepTimeline {
  const steps = timeline.timed;
  let stepsPerEntry = 1;
  while (Math.ceil(steps / stepsPerEntry) > o.maxEntries) stepsPerEntry *= 2;
  const entries = Array.from({ length: Math.ceil(steps / stepsPerEntry) }, (_, entry) => ({
    first: entry * stepsPerEntry,
    end: Math.min(steps, (entry + 1) * stepsPerEntry),
  }));
  const sumOf = (values: Int32Array): number[] =>
    entries.map(({ first, end }) => sum(values.subarray(first, end)));
  const mostOf = (values: Int32Array): number[] =>
    entries.map(({ first, end }) => most(values.subarray(first, end)) * o.headPages);
  const attentionUpTo = (step: number): number =>
    step === 0 ? 0 : timeline.attentionUpToMs[step - 1];
  return {
    steps,
    stepsPerEntry,
    startMs: entries.map(({ first }) => rounded(timeline.startMs[first])),
    endMs: entries.map(({ end }) => rounded(timeline.endMs[end - 1])),
    attentionMs: entries.map(({ first, end }) =>
      rounded(attentionUpTo(end) - attentionUpTo(first))
    ),
    running: entries.map(({ first, end }) =>
      Math.round(sum(timeline.running.subarray(first, end)) / (end - first) * 1000) / 1000
    ),
    prefillTokens: sumOf(timeline.prefillTokens),
    decodeTokens: sumOf(timeline.decodeTokens),
    fullHeadPages: mostOf(timeline.fullHeadPages),
    windowHeadPages: mostOf(timeline.windowHeadPages),
    pageHistory: o.pageHistory,
  };
}

function sum(values: Int32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** A loop, for an entry may cover more steps than a call takes arguments. */
function most(values: Int32Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

function rounded(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}

/** Fewer entries of a stored timeline: a chart has no room for a million. */

import type { StepTimeline } from "../result/mod.ts";

/**
 * Joins neighbouring entries as a benchmark joins steps, until at most `maxEntries` are left.
 *
 * @returns The same timeline where it is short enough.
 */
export function thinTimeline(
  timeline: StepTimeline,
  o: { readonly maxEntries: number },
): StepTimeline {
  const entries = timeline.startMs.length;
  let joined = 1;
  while (Math.ceil(entries / joined) > o.maxEntries) joined *= 2;
  if (joined === 1) return timeline;
  const groups = Array.from({ length: Math.ceil(entries / joined) }, (_, group) => ({
    first: group * joined,
    end: Math.min(entries, (group + 1) * joined),
  }));
  const fold = (
    values: readonly number[],
    join: (total: number, value: number) => number,
  ): number[] => groups.map(({ first, end }) => values.slice(first, end).reduce(join));
  const larger = (most: number, value: number): number => Math.max(most, value);
  const add = (total: number, value: number): number => total + value;
  // The last entry may cover fewer steps than the others.
  const stepsOf = (entry: number): number =>
    Math.min(timeline.stepsPerEntry, timeline.steps - entry * timeline.stepsPerEntry);
  const runningSteps = fold(timeline.running.map((running, i) => running * stepsOf(i)), add);
  const steps = fold(timeline.running.map((_, entry) => stepsOf(entry)), add);
  return {
    ...timeline,
    stepsPerEntry: timeline.stepsPerEntry * joined,
    startMs: groups.map(({ first }) => timeline.startMs[first]),
    endMs: groups.map(({ end }) => timeline.endMs[end - 1]),
    attentionMs: fold(timeline.attentionMs, add),
    running: runningSteps.map((sum, group) => sum / steps[group]),
    prefillTokens: fold(timeline.prefillTokens, add),
    decodeTokens: fold(timeline.decodeTokens, add),
    fullHeadPages: fold(timeline.fullHeadPages, larger),
    windowHeadPages: fold(timeline.windowHeadPages, larger),
  };
}

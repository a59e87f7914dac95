/** Steps of a replay as data, for a loop that runs them on a GPU. */

import type { ModelGeometry } from "../../fixtures/mod.ts";
import type { StepBatch, StepClock } from "./step_clock.ts";

/** One step: new and cached tokens of each request in it. */
export interface BatchRows {
  /** New tokens, at least 1 a request. */
  readonly queries: readonly number[];
  /** Tokens that were cached before the step. */
  readonly cached: readonly number[];
}

/** Steps of a replay and the sizes of the model that they belong to. */
export interface BatchFile {
  /** Format and version. */
  readonly format: "headwise-batches/1";
  /** Name of the workload. */
  readonly workload: string;
  /** Sizes of the model. */
  readonly model: Readonly<Record<string, number>>;
  /** Tokens of a page. */
  readonly pageSizeTokens: number;
  /** Steps, in the order of the replay. */
  readonly steps: readonly BatchRows[];
}

/** Wraps a clock so that every step's rows are kept. */
export function recordBatches(clock: StepClock): { clock: StepClock; rows: BatchRows[] } {
  const rows: BatchRows[] = [];
  const enqueue = (batch: StepBatch): void => {
    const queries: number[] = [];
    const cached: number[] = [];
    batch.queryLengths.forEach((length, slot) => {
      if (length === 0) return;
      queries.push(length);
      cached.push(batch.cachedLengths[slot]);
    });
    rows.push({ queries, cached });
    clock.enqueue(batch);
  };
  return { clock: { ...clock, enqueue }, rows };
}

/** At most `count` decode steps and `count` steps with prompts, evenly spread over a replay. */
export function spreadBatches(rows: readonly BatchRows[], count: number): BatchRows[] {
  const decode = rows.filter(({ queries }) => queries.every((length) => length === 1));
  const mixed = rows.filter(({ queries }) => queries.some((length) => length > 1));
  return [...spread(decode, count), ...spread(mixed, count)];
}

function spread<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  return Array.from({ length: count }, (_, index) => {
    return values[Math.floor((index + 0.5) * values.length / count)];
  });
}

/** Sizes that a loop of layers needs. */
export function batchModel(
  { layers, hiddenSize, queryHeads, kvHeads, headSize, vocabularySize, feedForward }: ModelGeometry,
): Record<string, number> {
  return { layers, hiddenSize, queryHeads, kvHeads, headSize, vocabularySize, ...feedForward };
}

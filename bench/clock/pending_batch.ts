/** Steps that wait to be sent to a clock's adapter, and the rows of them that will be judged. */

import type { Random } from "../../allocator/mod.ts";
import {
  countWork,
  createWorkCount,
  type GroupRows,
  type TimedCache,
  type TimedSteps,
} from "../../kernel/mod.ts";
import { type ClaimedTime, leastWork } from "./plausible_times.ts";
import { type SampledRow, sampleRow } from "./sampled_rows.ts";
import { followTable, type SentTable } from "./table_changes.ts";

/** Steps of a batch, where nothing asks for their times earlier. */
export const STEPS_PER_BATCH = 64;
/** Tokens that end a batch early: the adapter keeps the outputs of two batches. */
const MAX_TOKENS_PER_BATCH = 131_072;
/** Shorter batches are sampled in proportion: judging takes longer than they do. */
const STEPS_PER_SAMPLE = 16;
/** Rows drawn for each sample; the one that sees the least is taken, so that judging keeps up. */
const DRAWS_PER_SAMPLE = 24;
/** One row of so many is any row at all, whatever judging it costs. */
const ROWS_PER_FREE_DRAW = 8;

/** A step that waits to be sent. */
export interface PendingStep {
  /** Layer group. */
  readonly group: number;
  /** [B] new tokens of each slot. */
  readonly queryLengths: Int32Array;
  /** [B] tokens of each slot before the step. */
  readonly cachedLengths: Int32Array;
  /** Σ of its new tokens. */
  readonly tokens: number;
  /** What any kernel has to do. */
  readonly least: Pick<ClaimedTime, "leastBytes" | "leastFlops">;
}

/** A batch that goes out. */
export interface TakenBatch {
  readonly steps: readonly PendingStep[];
  /** Rows of it that are asked for once their digests are here. */
  readonly secret: readonly SampledRow[];
  /** What is sent of it. */
  readonly request: Omit<TimedSteps, "cache" | "samples">;
}

/** Steps that wait. */
export interface PendingBatch {
  /** Adds a step. */
  readonly add: (batch: GroupRows) => void;
  /** Has rows of the step of a group that was added last judged, whatever that costs. */
  readonly verify: (batch: GroupRows, samples: number) => void;
  /** Whether nothing waits. */
  readonly isEmpty: () => boolean;
  /** Whether it is time to send. */
  readonly isFull: () => boolean;
  /** Takes all that waits; a batch without steps asks for rows alone. */
  readonly take: () => TakenBatch;
}

/** Steps of a cache, none of which waits yet. */
export function createPendingBatch(
  { cache, random }: { readonly cache: TimedCache; readonly random: Random },
): PendingBatch {
  const { shape } = cache;
  const work = createWorkCount();
  let table: SentTable | null = null;
  let whole: Int32Array | null = null;
  let firstStep = 0;
  let steps: PendingStep[] = [];
  let tokens = 0;
  let changes: number[] = [];
  let changeStarts: number[] = [0];
  let drawn: SampledRow | null = null;
  let verified: SampledRow[] = [];

  const draw = (batch: GroupRows, batchStep: number, draws: number): SampledRow | null =>
    sampleRow(batch, { cache, step: firstStep + batchStep, batchStep, draws, random });

  /** Each step of a batch is as likely to be sampled as any other. */
  const drawRow = (batch: GroupRows): void => {
    if (random.nextBelow(steps.length + 1) > 0 && drawn !== null) return;
    const isFree = random.nextBelow(ROWS_PER_FREE_DRAW) === 0;
    drawn = draw(batch, steps.length, isFree ? 1 : DRAWS_PER_SAMPLE) ?? drawn;
  };

  return {
    add: (batch) => {
      if (table === null) {
        table = followTable(batch.table, shape);
        whole = Int32Array.from(table.ids);
      }
      table.addChanges(batch, changes);
      changeStarts.push(changes.length / 2);
      const { group } = batch;
      countWork({
        ...shape,
        headWindows: cache.headWindows.subarray(
          group * shape.kvHeads,
          (group + 1) * shape.kvHeads,
        ),
        sinkTokens: cache.sinkTokens,
        queryLengths: batch.queryLengths,
        cachedLengths: batch.cachedLengths,
        slots: shape.batch,
        walk: "visible",
      }, work);
      drawRow(batch);
      const queryLengths = batch.queryLengths.slice(0, shape.batch);
      const cachedLengths = batch.cachedLengths.slice(0, shape.batch);
      const own = queryLengths.reduce((sum, length) => sum + length, 0);
      steps.push({ group, queryLengths, cachedLengths, tokens: own, least: leastWork(work) });
      tokens += own;
    },
    verify: (batch, samples) => {
      const batchStep = steps.findLastIndex(({ group }) => group === batch.group);
      const rows = Array.from({ length: samples }, () => draw(batch, batchStep, 1));
      verified.push(...rows.filter((row) => row !== null));
    },
    isEmpty: () => steps.length === 0,
    isFull: () =>
      steps.length >= STEPS_PER_BATCH || tokens + cache.maxBatchTokens > MAX_TOKENS_PER_BATCH,
    take: () => {
      const isSampled = verified.length > 0 || random.nextBelow(STEPS_PER_SAMPLE) < steps.length;
      const taken: TakenBatch = {
        steps,
        secret: [...(isSampled && drawn !== null ? [drawn] : []), ...verified],
        request: {
          firstStep,
          queryLengths: joined(steps.map(({ queryLengths }) => queryLengths)),
          cachedLengths: joined(steps.map(({ cachedLengths }) => cachedLengths)),
          groups: Int32Array.from(steps, ({ group }) => group),
          table: whole,
          changes: Int32Array.from(changes),
          changeStarts: Int32Array.from(changeStarts),
        },
      };
      firstStep += steps.length;
      [steps, changes, changeStarts, verified] = [[], [], [0], []];
      [tokens, drawn, whole] = [0, null, null];
      return taken;
    },
  };
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

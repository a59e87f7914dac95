/**
 * A runner whose kernel is somebody else's program. Steps go out in batches, with the table as it was
 * first and then what changed in it; times come back with sampled outputs, which the oracle judges while
 * the next batch runs. Where a sample is wrong or a time cannot be one, no time is given.
 */

import { createRandom } from "../../allocator/mod.ts";
import {
  type Arithmetic,
  countWork,
  createWorkCount,
  FLOAT32_ARITHMETIC,
  type GroupRows,
  type OpenedCache,
  type StepRunner,
  type StepTimer,
  type StepVerification,
  type TimedAnswer,
  type TimedCache,
  type TimedSteps,
  type TimerRefusal,
} from "../../kernel/mod.ts";
import { BenchError } from "../result/mod.ts";
import { type ClaimedTime, findImplausibleTime, leastWork } from "./plausible_times.ts";
import { judgeRow, type SampledRow, sampleRow } from "./sampled_rows.ts";
import { followTable, type SentTable } from "./table_changes.ts";

/** Steps of a batch, where nothing asks for their times earlier. */
export const STEPS_PER_BATCH = 64;
/** Sampled rows of each batch. */
const SAMPLES_PER_BATCH = 1;
/** Shorter batches are sampled in proportion: judging takes longer than they do. */
const STEPS_PER_SAMPLE = 16;
/** Rows drawn for each sample; the one that sees the least is taken, so that judging keeps up. */
const DRAWS_PER_SAMPLE = 24;

/** What a clock's protocol took beside the steps themselves. */
export interface ProtocolCost {
  /** Batches sent. */
  readonly batches: number;
  /** Steps sent. */
  readonly steps: number;
  /** Milliseconds that replays waited for batches. */
  readonly waitedMs: number;
  /** Of those, what the program says that it was busy with the steps. */
  readonly busyMs: number;
  /** Milliseconds of packing, and of judging samples that no batch ran beside. */
  readonly ownMs: number;
  /** Sampled rows judged. */
  readonly samples: number;
}

/** A runner behind which an adapter stands. */
export interface AdapterRunner extends StepRunner {
  /** What the adapter says of the kernel and the card. */
  readonly opened: OpenedCache;
  /** What the protocol has taken so far. */
  readonly cost: () => ProtocolCost;
  /** Judges samples that no later batch will run beside. */
  readonly finish: () => void;
}

/** A step that waits to be sent. */
interface PendingStep {
  readonly group: number;
  readonly queryLengths: Int32Array;
  readonly cachedLengths: Int32Array;
  readonly least: Pick<ClaimedTime, "leastBytes" | "leastFlops">;
}

/** Samples with what came back of them. */
interface Unjudged {
  readonly rows: readonly SampledRow[];
  readonly outputs: Uint16Array;
}

/**
 * Opens a cache with an adapter, and gives a runner of it.
 *
 * @param timer The adapter.
 * @param cache Sizes, form and seed.
 * @param o Reads the clock of the wall, in milliseconds.
 * @returns The runner; it gives back the cache, and leaves the adapter running.
 * @throws {BenchError} `bench/clock-refused` when the adapter does not take the cache.
 */
export async function openAdapterRunner(
  timer: StepTimer,
  cache: TimedCache,
  o: { readonly now?: () => number } = {},
): Promise<AdapterRunner> {
  const { keyFormat, valueFormat } = cache.shape;
  if (keyFormat !== undefined || valueFormat !== undefined) {
    throw new BenchError(
      "bench/clock-refused",
      "Cannot time a quantised cache by an adapter: its contents are 16-bit numbers by formula; " +
        "set cache.dtype to bf16, or use --clock model or gpu",
    );
  }
  const opened = orRefuse(await timer.open(cache), `form '${cache.form}'`);
  return createAdapterRunner(timer, { cache, opened, now: o.now ?? (() => performance.now()) });
}

function createAdapterRunner(
  timer: StepTimer,
  { cache, opened, now }: { cache: TimedCache; opened: OpenedCache; now: () => number },
): AdapterRunner {
  const { shape } = cache;
  const arithmetic: Arithmetic = { ...FLOAT32_ARITHMETIC, ...opened.arithmetic };
  const random = createRandom(cache.seed);
  const work = createWorkCount();
  const cost = { batches: 0, steps: 0, waitedMs: 0, busyMs: 0, ownMs: 0, samples: 0 };
  let sent: SentTable | null = null;
  let table: Int32Array | null = null;
  let firstStep = 0;
  let pending: PendingStep[] = [];
  let changes: number[] = [];
  let changeStarts: number[] = [0];
  let rows: SampledRow[] = [];
  let times: number[] = [];
  let unjudged: Unjudged | null = null;

  const enqueue = (batch: GroupRows): void => {
    const begun = now();
    if (sent === null) {
      sent = followTable(batch.table, shape);
      table = Int32Array.from(sent.ids);
    }
    sent.addChanges(batch, changes);
    changeStarts.push(changes.length / 2);
    countWork({
      ...shape,
      headWindows: windowsOf(cache, batch.group),
      sinkTokens: cache.sinkTokens,
      queryLengths: batch.queryLengths,
      cachedLengths: batch.cachedLengths,
      slots: shape.batch,
      walk: "visible",
    }, work);
    drawRows(batch);
    pending.push({
      group: batch.group,
      queryLengths: batch.queryLengths.slice(0, shape.batch),
      cachedLengths: batch.cachedLengths.slice(0, shape.batch),
      least: leastWork(work),
    });
    cost.ownMs += now() - begun;
  };

  /** Each step of a batch is as likely to be sampled as any other. */
  const drawRows = (batch: GroupRows): void => {
    const batchStep = pending.length;
    for (let index = 0; index < SAMPLES_PER_BATCH; index++) {
      if (random.nextBelow(batchStep + 1) > 0 && rows[index] !== undefined) continue;
      const row = draw(batch, batchStep, DRAWS_PER_SAMPLE);
      if (row !== null) rows[index] = row;
    }
  };

  const draw = (batch: GroupRows, batchStep: number, draws: number): SampledRow | null =>
    sampleRow(batch, { cache, step: firstStep + batchStep, batchStep, draws, random });

  /** Sends what is pending, and judges the samples of the batch before while it runs. */
  const send = async (isVerified: boolean): Promise<void> => {
    if (pending.length === 0) return;
    const packing = now();
    const isSampled = isVerified || random.nextBelow(STEPS_PER_SAMPLE) < pending.length;
    const asked = isSampled ? rows.filter((row) => row !== undefined) : [];
    const request = pack(asked);
    const batch = pending;
    [pending, changes, changeStarts, rows, table] = [[], [], [0], [], null];
    firstStep += batch.length;
    const begun = now();
    cost.ownMs += begun - packing;
    const answering = timer.steps(request);
    // The request is on its way before judging keeps this thread busy.
    const judging = unjudged === null ? null : afterATurn(judgeWaiting);
    const [reply] = await Promise.all([answering, judging]);
    const elapsedMs = now() - begun;
    const answer = orRefuse(reply, "steps");
    cost.batches++;
    cost.steps += batch.length;
    cost.waitedMs += elapsedMs;
    cost.busyMs += Math.min(answer.busyMs, elapsedMs);
    take(answer, { batch, asked, elapsedMs });
  };

  const pack = (asked: readonly SampledRow[]): TimedSteps => ({
    cache: opened.cache,
    firstStep,
    queryLengths: joined(pending.map(({ queryLengths }) => queryLengths)),
    cachedLengths: joined(pending.map(({ cachedLengths }) => cachedLengths)),
    groups: Int32Array.from(pending, ({ group }) => group),
    table,
    changes: Int32Array.from(changes),
    changeStarts: Int32Array.from(changeStarts),
    samples: Int32Array.from(
      asked.flatMap(({ batchStep, stepToken, head }) => [batchStep, stepToken, head]),
    ),
  });

  const take = (
    answer: TimedAnswer,
    o: {
      readonly batch: readonly PendingStep[];
      readonly asked: readonly SampledRow[];
      readonly elapsedMs: number;
    },
  ): void => {
    const first = firstStep - o.batch.length;
    const claimed = o.batch.map(({ least }, index) => ({
      step: first + index,
      milliseconds: answer.milliseconds[index],
      ...least,
    }));
    const fault = findImplausibleTime(claimed, { ...opened, elapsedMs: o.elapsedMs });
    if (fault !== null) throw refused(fault);
    const elements = shape.queryHeads / shape.kvHeads * shape.headSize;
    if (answer.outputs.length !== o.asked.length * elements) {
      throw refused(
        `${answer.outputs.length} elements of sampled outputs came back, not ` +
          `${o.asked.length} · ${elements}`,
      );
    }
    unjudged = { rows: o.asked, outputs: answer.outputs };
    times.push(...answer.milliseconds);
  };

  /** Judges the samples that wait; the worst of them. */
  const judgeWaiting = (): StepVerification => {
    const waiting = unjudged;
    unjudged = null;
    let worst: StepVerification = { ok: true, worstBudgetUsed: 0, message: "" };
    if (waiting === null) return worst;
    const elements = waiting.outputs.length / waiting.rows.length;
    for (const [index, row] of waiting.rows.entries()) {
      const output = waiting.outputs.subarray(index * elements, (index + 1) * elements);
      const verdict = judgeRow(row, output, { cache, arithmetic });
      cost.samples++;
      if (verdict.worstBudgetUsed >= worst.worstBudgetUsed) worst = verdict;
      if (!verdict.ok) throw refused(`an output is wrong: ${verdict.message}`);
    }
    return worst;
  };

  const finish = (): void => {
    const begun = now();
    judgeWaiting();
    cost.ownMs += now() - begun;
  };

  return {
    layersMeasured: cache.layers,
    maxPendingBatches: STEPS_PER_BATCH,
    opened,
    cost: () => cost,
    finish,
    enqueue,
    async flush(): Promise<Float64Array> {
      await send(false);
      const taken = Float64Array.from(times);
      times = [];
      return taken;
    },
    async verify(batch, { samples }): Promise<StepVerification> {
      // Of the step that was enqueued last, whatever its rows cost.
      const batchStep = pending.findLastIndex(({ group }) => group === batch.group);
      const drawn = Array.from({ length: samples }, () => draw(batch, batchStep, 1));
      rows.push(...drawn.filter((row) => row !== null));
      await send(true);
      return judgeWaiting();
    },
    destroy: (): void => void timer.close(opened.cache).catch(() => {}),
  };
}

function windowsOf({ headWindows, shape: { kvHeads } }: TimedCache, group: number): Int32Array {
  return headWindows.subarray(group * kvHeads, (group + 1) * kvHeads);
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

async function afterATurn<T>(work: () => T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return work();
}

function orRefuse<T>(
  reply: { readonly kind: "ok"; readonly value: T } | TimerRefusal,
  what: string,
): T {
  if (reply.kind === "ok") return reply.value;
  throw refused(`it does not take ${what} (${reply.code}): ${reply.message}`);
}

function refused(reason: string): BenchError {
  return new BenchError("bench/clock-refused", `Cannot use the times of this clock: ${reason}`);
}

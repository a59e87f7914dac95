/**
 * A runner whose kernel is somebody else's program. Steps go out in batches, with the table as it was
 * first and then what changed in it, one batch while another runs. Times come back with digests of all
 * output rows; only then the program is asked for a few of them, which come back with the next answer and
 * are judged by the oracle while further batches run. Where a sample is wrong or a time cannot be one, no
 * time is given.
 */

import { createRandom } from "../../allocator/mod.ts";
import {
  digestRow,
  FLOAT32_ARITHMETIC,
  type OpenedCache,
  type StepRunner,
  type StepTimer,
  type StepVerification,
  type TimedAnswer,
  type TimedCache,
} from "../../kernel/mod.ts";
import { BenchError } from "../result/mod.ts";
import { clockRefused, valueOrRefused } from "./clock_refused.ts";
import {
  createPendingBatch,
  type PendingStep,
  STEPS_PER_BATCH,
  type TakenBatch,
} from "./pending_batch.ts";
import { findImplausibleCeilings } from "./plausible_ceilings.ts";
import { findImplausibleTime } from "./plausible_times.ts";
import { createCostCounter, type PassedTime, type ProtocolCost } from "./protocol_cost.ts";
import { createRowQueue } from "./row_queue.ts";
import type { RowJudge, SampledRow } from "./sampled_rows.ts";

/** Batches with the adapter at a time: it makes the next one ready while its device runs one. */
const MAX_IN_FLIGHT = 2;

/** A runner behind which an adapter stands. */
export interface AdapterRunner extends StepRunner {
  /** What the adapter says of the kernel and the card. */
  readonly opened: OpenedCache;
  /** What the protocol has taken since it was last forgotten. */
  readonly cost: () => ProtocolCost;
  /** Forgets what the protocol has taken so far, as that of a warm-up. */
  readonly forgetCost: () => void;
  /** Asks for the rows of the last batches, and judges them. */
  readonly finish: () => Promise<void>;
}

/** A batch with the adapter. */
interface SentBatch extends Pick<TakenBatch, "steps" | "secret"> {
  readonly first: number;
  /** Rows of earlier batches that come back with it. */
  readonly asked: readonly CommittedRow[];
  readonly sentAtMs: number;
  readonly answer: ReturnType<StepTimer["steps"]>;
}

/** A row whose output the adapter is bound to. */
interface CommittedRow {
  readonly row: SampledRow;
  readonly digest: readonly [number, number];
}

/** What a runner is made with; a caller may leave all of it out. */
export interface RunnerOptions {
  /** Reads the clock of the wall, in milliseconds. */
  readonly now: () => number;
  /** Seed of the rows that are judged. Whoever knows it knows the rows. */
  readonly sampleSeed: number;
  /** What judges rows beside this thread; null judges them in it. */
  readonly judge: RowJudge | null;
}

/**
 * Opens a cache with an adapter, and gives a runner of it.
 *
 * @param cache Sizes, form and seed.
 * @param o Clock of the wall and seed, for tests; what judges rows elsewhere.
 * @returns The runner; it gives back the cache, and leaves the adapter running.
 * @throws {BenchError} `bench/clock-refused` when the adapter does not take the cache.
 */
export async function openAdapterRunner(
  timer: StepTimer,
  cache: TimedCache,
  o: Partial<RunnerOptions> = {},
): Promise<AdapterRunner> {
  const { keyFormat, valueFormat } = cache.shape;
  if (keyFormat !== undefined || valueFormat !== undefined) {
    throw new BenchError(
      "bench/clock-refused",
      "Cannot time a quantised cache by an adapter: its contents are 16-bit numbers by formula; " +
        "set cache.dtype to bf16, or use --clock model or gpu",
    );
  }
  const opened = valueOrRefused(await timer.open(cache), `form '${cache.form}'`);
  const fault = findImplausibleCeilings(opened);
  if (fault !== null) throw clockRefused(fault);
  return createAdapterRunner(timer, { cache, opened }, {
    now: () => performance.now(),
    sampleSeed: crypto.getRandomValues(new Uint32Array(1))[0],
    judge: null,
    ...o,
  });
}

function createAdapterRunner(
  timer: StepTimer,
  { cache, opened }: { readonly cache: TimedCache; readonly opened: OpenedCache },
  { now, sampleSeed, judge }: RunnerOptions,
): AdapterRunner {
  const { shape } = cache;
  const rowElements = shape.queryHeads / shape.kvHeads * shape.headSize;
  const counter = createCostCounter(now);
  const pending = createPendingBatch({ cache, random: createRandom(sampleSeed) });
  const arithmetic = { ...FLOAT32_ARITHMETIC, ...opened.arithmetic };
  const queue = createRowQueue({ context: { cache, arithmetic }, counter, now, judge });
  const inFlight: SentBatch[] = [];
  const committed: CommittedRow[] = [];
  const times: number[] = [];

  /** Sends what is pending, and asks for the rows that the adapter is bound to. */
  const send = (): void =>
    counter.own(() => {
      const { steps, secret, request } = pending.take();
      const asked = committed.splice(0);
      const samples = Int32Array.from(
        asked.flatMap(({ row: { step, stepToken, head } }) => [step, stepToken, head]),
      );
      const sentAtMs = counter.send();
      const answer = timer.steps({ cache: opened.cache, ...request, samples });
      // It is awaited in its turn; until then no one listens.
      answer.catch(() => {});
      inFlight.push({ first: request.firstStep, steps, secret, asked, sentAtMs, answer });
    });

  /** Waits for the oldest batch, and judges samples of earlier ones meanwhile. */
  const receive = async (): Promise<void> => {
    const batch = inFlight[0];
    await queue.workBeside(batch.answer);
    const answer = valueOrRefused(await batch.answer, "steps");
    inFlight.shift();
    const passed = counter.receive({ ...batch, ...answer });
    counter.own(() => take(answer, batch, passed));
  };

  const take = (
    { milliseconds, digests, outputs }: TimedAnswer,
    { first, steps, secret, asked }: SentBatch,
    passed: PassedTime,
  ): void => {
    const claimed = steps.map(({ least }, index) => ({
      step: first + index,
      milliseconds: milliseconds[index],
      ...least,
    }));
    const fault = findImplausibleTime(claimed, { ...opened, ...passed });
    if (fault !== null) throw clockRefused(fault);
    takeOutputs(outputs, asked);
    takeDigests(digests, steps, secret);
    times.push(...milliseconds);
  };

  const takeOutputs = (outputs: Uint16Array, asked: readonly CommittedRow[]): void => {
    if (outputs.length !== asked.length * rowElements) {
      throw clockRefused(
        `${outputs.length} elements of sampled outputs came back, not ` +
          `${asked.length} · ${rowElements}`,
      );
    }
    for (const [index, { row, digest }] of asked.entries()) {
      const output = outputs.slice(index * rowElements, (index + 1) * rowElements);
      const found = digestRow(output);
      if (found[0] !== digest[0] || found[1] !== digest[1]) {
        throw clockRefused(
          `the output of step ${row.step}, token ${row.stepToken}, KV head ${row.head} is not the ` +
            "one whose digest was given before it was asked for",
        );
      }
      queue.add(row, output);
    }
  };

  const takeDigests = (
    digests: Uint32Array,
    steps: readonly PendingStep[],
    secret: readonly SampledRow[],
  ): void => {
    const tokens = steps.reduce((sum, step) => sum + step.tokens, 0);
    if (digests.length !== 2 * tokens * shape.kvHeads) {
      throw clockRefused(
        `${digests.length} words of digests came back, not ${tokens} tokens · ` +
          `${shape.kvHeads} KV heads · 2`,
      );
    }
    for (const row of secret) {
      let token = row.stepToken;
      for (let step = 0; step < row.batchStep; step++) token += steps[step].tokens;
      const place = 2 * (token * shape.kvHeads + row.head);
      committed.push({ row, digest: [digests[place], digests[place + 1]] });
    }
  };

  /** Sends what is pending and waits for everything that was sent. */
  const settle = async (): Promise<void> => {
    if (!pending.isEmpty()) send();
    while (inFlight.length > 0) await receive();
  };

  const takeTimes = (): Float64Array => Float64Array.from(times.splice(0));

  return {
    layersMeasured: cache.layers,
    maxPendingBatches: STEPS_PER_BATCH,
    opened,
    cost: counter.cost,
    forgetCost: counter.forget,
    enqueue: (batch) => counter.own(() => pending.add(batch)),
    async flush(): Promise<Float64Array> {
      await settle();
      return takeTimes();
    },
    advance(): Promise<Float64Array> | null {
      if (pending.isEmpty() || !pending.isFull()) return null;
      send();
      return inFlight.length < MAX_IN_FLIGHT ? null : receive().then(takeTimes);
    },
    verify(batch, { samples }): Promise<StepVerification> {
      // Rows are judged beside what runs later; one that is wrong ends the run then.
      pending.verify(batch, samples);
      return Promise.resolve({ ok: true, worstBudgetUsed: 0, message: "" });
    },
    async finish(): Promise<void> {
      await settle();
      if (committed.length > 0) {
        send();
        await receive();
      }
      await queue.finish();
    },
    destroy: (): void => void timer.close(opened.cache).catch(() => {}),
  };
}

/**
 * A runner whose kernel is somebody else's program. Steps go out in batches, with the table as it was
 * first and then what changed in it, one batch while another runs. Times come back with digests of all
 * output rows; only then the program is asked for a few of them, which come back with the next answer and
 * are judged by the oracle while further batches run. Where a sample is wrong or a time cannot be one, no
 * time is given.
 */

import { createRandom } from "../../allocator/mod.ts";
import {
  type Arithmetic,
  countWork,
  createWorkCount,
  digestRow,
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
import { findImplausibleCeilings } from "./plausible_ceilings.ts";
import {
  type ClaimContext,
  type ClaimedTime,
  findImplausibleTime,
  leastWork,
} from "./plausible_times.ts";
import { judgeRow, type RowJudge, type SampledRow, sampleRow } from "./sampled_rows.ts";
import { followTable, type SentTable } from "./table_changes.ts";

/** Steps of a batch, where nothing asks for their times earlier. */
export const STEPS_PER_BATCH = 64;
/** Sampled rows of each batch. */
const SAMPLES_PER_BATCH = 1;
/** Shorter batches are sampled in proportion: judging takes longer than they do. */
const STEPS_PER_SAMPLE = 16;
/** Rows drawn for each sample; the one that sees the least is taken, so that judging keeps up. */
const DRAWS_PER_SAMPLE = 24;

/** One row of so many is any row at all, whatever judging it costs. */
const ROWS_PER_FREE_DRAW = 8;
/** Rows that may wait to be judged before answers wait for them. */
const MAX_UNJUDGED = 256;
/** Batches with the adapter at a time: it makes the next one ready while its device runs one. */
const MAX_IN_FLIGHT = 2;
/** Tokens that end a batch early: the adapter keeps the outputs of two batches. */
const MAX_TOKENS_PER_BATCH = 131_072;

/** What a clock's protocol took beside the steps themselves. */
export interface ProtocolCost {
  /** Batches sent. */
  readonly batches: number;
  /** Steps sent. */
  readonly steps: number;
  /** Milliseconds of one layer that these steps took, by the device's timers. */
  readonly stepMs: number;
  /** Milliseconds in which a request was with the program. */
  readonly sentMs: number;
  /** Of those, what the program says that it was busy with the steps. */
  readonly busyMs: number;
  /** Milliseconds of packing and judging while no request was with it. */
  readonly ownMs: number;
  /** Milliseconds from giving a row to be judged to its verdict, most of them beside batches that run. */
  readonly judgeMs: number;
  /** Sampled rows judged. */
  readonly samples: number;
  /** Largest share of its error budget that one of them used; 1 is the bound. */
  readonly worstBudgetUsed: number;
}

/** A runner behind which an adapter stands. */
export interface AdapterRunner extends StepRunner {
  /** What the adapter says of itself. */
  readonly opened: OpenedCache;
  /** What the protocol has taken since it was last forgotten. */
  readonly cost: () => ProtocolCost;
  /** Forgets what the protocol has taken so far, as that of a warm-up. */
  readonly forgetCost: () => void;
  /** Asks for the rows of the last batches, and judges them. */
  readonly finish: () => Promise<void>;
}

/** A step that waits to be sent. */
interface PendingStep {
  readonly group: number;
  readonly queryLengths: Int32Array;
  readonly cachedLengths: Int32Array;
  readonly tokens: number;
  readonly least: Pick<ClaimedTime, "leastBytes" | "leastFlops">;
}

/** A batch with the adapter. */
interface SentBatch {
  readonly first: number;
  readonly steps: readonly PendingStep[];
  /** Rows of it that will be asked for once their digests are here. */
  readonly secret: readonly SampledRow[];
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

/** A stretch of time in which the adapter always had a request. */
interface Stretch {
  readonly sinceMs: number;
  busyMs: number;
  claimedMs: number;
}

/**
 * Opens a cache with an adapter, and gives a runner of it.
 *
 * @param timer The adapter.
 * @param cache Sizes, form and seed.
 * @param o Reads the clock of the wall, in milliseconds; seed of the rows that are judged, for tests;
 *   what judges rows beside this thread, which does it itself where nothing else is given.
 * @returns The runner; it gives back the cache, and leaves the adapter running.
 * @throws {BenchError} `bench/clock-refused` when the adapter does not take the cache.
 */
export async function openAdapterRunner(
  timer: StepTimer,
  cache: TimedCache,
  o: {
    readonly now?: () => number;
    readonly sampleSeed?: number;
    readonly judge?: RowJudge;
  } = {},
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
  const fault = findImplausibleCeilings(opened);
  if (fault !== null) throw refused(fault);
  return createAdapterRunner(timer, {
    cache,
    opened,
    now: o.now ?? (() => performance.now()),
    // Whoever knows the seed knows which rows will be judged.
    judge: o.judge ?? null,
    sampleSeed: o.sampleSeed ?? crypto.getRandomValues(new Uint32Array(1))[0],
  });
}

function createAdapterRunner(
  timer: StepTimer,
  { cache, opened, now, judge, sampleSeed }: {
    readonly cache: TimedCache;
    readonly opened: OpenedCache;
    readonly now: () => number;
    readonly judge: RowJudge | null;
    readonly sampleSeed: number;
  },
): AdapterRunner {
  const { shape } = cache;
  const arithmetic: Arithmetic = { ...FLOAT32_ARITHMETIC, ...opened.arithmetic };
  const random = createRandom(sampleSeed);
  const work = createWorkCount();
  let cost = createCost();
  const rowElements = shape.queryHeads / shape.kvHeads * shape.headSize;
  let table: SentTable | null = null;
  let whole: Int32Array | null = null;
  let firstStep = 0;
  let pending: PendingStep[] = [];
  let pendingTokens = 0;
  let changes: number[] = [];
  let changeStarts: number[] = [0];
  let rows: SampledRow[] = [];
  let isVerified = false;
  const times: number[] = [];
  let stretch: Stretch | null = null;
  const inFlight: SentBatch[] = [];
  const committed: CommittedRow[] = [];
  /** Rows that are judged elsewhere, and what was found of the first one that was wrong. */
  const judging = new Set<Promise<void>>();
  let judgeFault: unknown = null;
  const unjudged: { readonly row: SampledRow; readonly output: Uint16Array }[] = [];

  /** Counts what nothing of the adapter's runs beside. */
  const own = <T>(work: () => T): T => {
    if (inFlight.length > 0) return work();
    const begun = now();
    try {
      return work();
    } finally {
      cost.ownMs += now() - begun;
    }
  };

  const enqueue = (batch: GroupRows): void => {
    if (table === null) {
      table = followTable(batch.table, shape);
      whole = Int32Array.from(table.ids);
    }
    table.addChanges(batch, changes);
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
    const queryLengths = batch.queryLengths.slice(0, shape.batch);
    const tokens = queryLengths.reduce((sum, length) => sum + length, 0);
    const cachedLengths = batch.cachedLengths.slice(0, shape.batch);
    pending.push({
      group: batch.group,
      queryLengths,
      cachedLengths,
      tokens,
      least: leastWork(work),
    });
    pendingTokens += tokens;
  };

  /** Each step of a batch is as likely to be sampled as any other. */
  const drawRows = (batch: GroupRows): void => {
    const batchStep = pending.length;
    for (let index = 0; index < SAMPLES_PER_BATCH; index++) {
      if (random.nextBelow(batchStep + 1) > 0 && rows[index] !== undefined) continue;
      const isFree = random.nextBelow(ROWS_PER_FREE_DRAW) === 0;
      const row = draw(batch, batchStep, isFree ? 1 : DRAWS_PER_SAMPLE);
      if (row !== null) rows[index] = row;
    }
  };

  const draw = (batch: GroupRows, batchStep: number, draws: number): SampledRow | null =>
    sampleRow(batch, { cache, step: firstStep + batchStep, batchStep, draws, random });

  /** Sends what is pending, and asks for the rows that the adapter is bound to. */
  const send = (): void =>
    own(() => {
      const isSampled = isVerified || random.nextBelow(STEPS_PER_SAMPLE) < pending.length;
      isVerified = false;
      const asked = committed.splice(0);
      const request = pack(asked);
      const steps = pending;
      const secret = isSampled ? rows.filter((row) => row !== undefined) : [];
      const first = firstStep;
      [pending, changes, changeStarts, rows, whole] = [[], [], [0], [], null];
      pendingTokens = 0;
      firstStep += steps.length;
      const sentAtMs = now();
      stretch ??= { sinceMs: sentAtMs, busyMs: 0, claimedMs: 0 };
      const answer = timer.steps(request);
      // It is awaited in its turn; until then no one listens.
      answer.catch(() => {});
      inFlight.push({ first, steps, secret, asked, sentAtMs, answer });
    });

  const pack = (asked: readonly CommittedRow[]): TimedSteps => ({
    cache: opened.cache,
    firstStep,
    queryLengths: joined(pending.map(({ queryLengths }) => queryLengths)),
    cachedLengths: joined(pending.map(({ cachedLengths }) => cachedLengths)),
    groups: Int32Array.from(pending, ({ group }) => group),
    table: whole,
    changes: Int32Array.from(changes),
    changeStarts: Int32Array.from(changeStarts),
    samples: Int32Array.from(
      asked.flatMap(({ row: { step, stepToken, head } }) => [step, stepToken, head]),
    ),
  });

  /** Waits for the oldest batch, and judges samples of earlier ones meanwhile. */
  const receive = async (): Promise<void> => {
    const batch = inFlight[0];
    let isAnswered = false;
    const answered = batch.answer.finally(() => isAnswered = true);
    answered.catch(() => {});
    // Requests are on their way before judging keeps this thread busy, and answers are not kept waiting.
    while (judge === null && unjudged.length > 0) {
      await turn();
      if (isAnswered && unjudged.length < MAX_UNJUDGED) break;
      judgeNext();
    }
    while (judging.size >= MAX_UNJUDGED) await Promise.race(judging);
    const reply = await answered;
    if (judgeFault !== null) throw judgeFault;
    inFlight.shift();
    const answer = orRefuse(reply, "steps");
    const receivedAtMs = now();
    const of = stretch!;
    const elapsedMs = receivedAtMs - of.sinceMs;
    const busyMs = Math.min(answer.busyMs, elapsedMs - of.busyMs);
    of.busyMs += busyMs;
    cost.busyMs += busyMs;
    if (inFlight.length === 0) {
      cost.sentMs += elapsedMs;
      stretch = null;
    }
    const earlierMs = of.claimedMs;
    of.claimedMs += answer.milliseconds.reduce((sum, each) => sum + each, 0);
    own(() =>
      take(answer, batch, {
        elapsedMs: receivedAtMs - batch.sentAtMs,
        stretch: { earlierMs, elapsedMs },
      })
    );
  };

  const take = (
    answer: TimedAnswer,
    { first, steps, secret, asked }: SentBatch,
    passed: Pick<ClaimContext, "elapsedMs" | "stretch">,
  ): void => {
    const claimed = steps.map(({ least }, index) => ({
      step: first + index,
      milliseconds: answer.milliseconds[index],
      ...least,
    }));
    const fault = findImplausibleTime(claimed, { ...opened, ...passed });
    if (fault !== null) throw refused(fault);
    takeOutputs(answer.outputs, asked);
    takeDigests(answer.digests, steps, secret);
    if (steps.length === 0) return;
    cost.batches++;
    cost.steps += steps.length;
    for (const each of answer.milliseconds) cost.stepMs += each;
    times.push(...answer.milliseconds);
  };

  const takeOutputs = (outputs: Uint16Array, asked: readonly CommittedRow[]): void => {
    if (outputs.length !== asked.length * rowElements) {
      throw refused(
        `${outputs.length} elements of sampled outputs came back, not ` +
          `${asked.length} · ${rowElements}`,
      );
    }
    for (const [index, { row, digest }] of asked.entries()) {
      const output = outputs.subarray(index * rowElements, (index + 1) * rowElements);
      const found = digestRow(output);
      if (found[0] !== digest[0] || found[1] !== digest[1]) {
        throw refused(
          `the output of step ${row.step}, token ${row.stepToken}, KV head ${row.head} is not the ` +
            "one whose digest was given before it was asked for",
        );
      }
      if (judge === null) unjudged.push({ row, output });
      else judgeElsewhere(judge, row, output);
    }
  };

  const takeDigests = (
    digests: Uint32Array,
    steps: readonly PendingStep[],
    secret: readonly SampledRow[],
  ): void => {
    const tokens = steps.reduce((sum, step) => sum + step.tokens, 0);
    if (digests.length !== 2 * tokens * shape.kvHeads) {
      throw refused(
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

  /** Judges the row that has waited longest. */
  const judgeNext = (): void => {
    const { row, output } = unjudged.shift()!;
    const begun = now();
    const verdict = judgeRow(row, output, { cache, arithmetic });
    cost.judgeMs += now() - begun;
    note(verdict);
  };

  const note = (verdict: StepVerification): void => {
    cost.samples++;
    cost.worstBudgetUsed = Math.max(cost.worstBudgetUsed, verdict.worstBudgetUsed);
    if (!verdict.ok) throw refused(`an output is wrong: ${verdict.message}`);
  };

  const judgeElsewhere = (judge: RowJudge, row: SampledRow, output: Uint16Array): void => {
    const begun = now();
    const done = judge(row, output, { cache, arithmetic }).then((verdict) => {
      cost.judgeMs += now() - begun;
      note(verdict);
    }).catch((error) => {
      judgeFault ??= error;
    }).finally(() => judging.delete(done));
    judging.add(done);
  };

  /** Sends what is pending and waits for everything that was sent. */
  const settle = async (): Promise<void> => {
    if (pending.length > 0) send();
    while (inFlight.length > 0) await receive();
  };

  /** Asks for the rows of the last batches, and judges all that wait. */
  const reveal = async (): Promise<void> => {
    if (committed.length > 0) {
      send();
      await receive();
    }
    own(() => {
      while (unjudged.length > 0) judgeNext();
    });
    if (judging.size > 0) {
      const begun = now();
      await Promise.all(judging);
      cost.ownMs += now() - begun;
    }
    if (judgeFault !== null) throw judgeFault;
  };

  const takeTimes = (): Float64Array => Float64Array.from(times.splice(0));

  return {
    layersMeasured: cache.layers,
    maxPendingBatches: STEPS_PER_BATCH,
    opened,
    cost: () => cost,
    forgetCost: () => {
      cost = createCost();
    },
    enqueue: (batch) => own(() => enqueue(batch)),
    async flush(): Promise<Float64Array> {
      await settle();
      return takeTimes();
    },
    advance(): Promise<Float64Array> | null {
      const isFull = pending.length >= STEPS_PER_BATCH ||
        pendingTokens + cache.maxBatchTokens > MAX_TOKENS_PER_BATCH;
      if (pending.length === 0 || !isFull) return null;
      send();
      return inFlight.length < MAX_IN_FLIGHT ? null : receive().then(takeTimes);
    },
    verify(batch, { samples }): Promise<StepVerification> {
      // Of the step that was enqueued last, whatever its rows cost. They are judged beside what runs later;
      // one that is wrong ends the run then.
      const batchStep = pending.findLastIndex(({ group }) => group === batch.group);
      const drawn = Array.from({ length: samples }, () => draw(batch, batchStep, 1));
      rows.push(...drawn.filter((row) => row !== null));
      isVerified = true;
      return Promise.resolve({ ok: true, worstBudgetUsed: 0, message: "" });
    },
    async finish(): Promise<void> {
      await settle();
      await reveal();
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

function createCost(): { -readonly [K in keyof ProtocolCost]: ProtocolCost[K] } {
  return {
    batches: 0,
    steps: 0,
    stepMs: 0,
    sentMs: 0,
    busyMs: 0,
    ownMs: 0,
    judgeMs: 0,
    samples: 0,
    worstBudgetUsed: 0,
  };
}

/** Lets requests out and answers in. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
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

import assert from "node:assert/strict";
import { measure } from "./metrics.ts";
import { replay } from "./replay.ts";
import type { ReplayLog, ReplayOptions } from "./log.ts";
import {
  requestsOf,
  tinyHeads,
  tinyRanks,
  tinyScheduler,
  tokenClock,
} from "../run/test_support.ts";

interface TinyReplay {
  readonly rows: readonly [number, number, number][];
  readonly scheduler?: Parameters<typeof tinyScheduler>[0];
  readonly pagesPerHead?: number;
  readonly layout?: "uniform" | "headwise" | "pooled";
  readonly recycle?: boolean;
  readonly heads?: ReturnType<typeof tinyHeads>;
  readonly maxPendingSteps?: number;
  readonly more?: Partial<ReplayOptions>;
}

async function play(o: TinyReplay): Promise<{
  log: ReplayLog;
  clock: ReturnType<typeof tokenClock>;
  ranks: ReturnType<typeof tinyRanks>;
}> {
  const scheduler = tinyScheduler(o.scheduler);
  const ranks = tinyRanks({ ...o, scheduler, pagesPerHead: o.pagesPerHead ?? 16 });
  const clock = tokenClock(
    o.maxPendingSteps === undefined ? {} : { maxPendingSteps: o.maxPendingSteps },
  );
  const requests = requestsOf(o.rows);
  const log = await replay({
    requests,
    scheduler,
    speculative: null,
    ranks,
    clock,
    seed: 1,
    ...o.more,
  });
  return { log, clock, ranks };
}

/** Tokens of each slot in each step. */
function rowsOf(clock: ReturnType<typeof tokenClock>): number[][] {
  return clock.batches.map(({ queryLengths }) => [...queryLengths]);
}

Deno.test("replay() gives the hand-computed table when a prompt is chunked beside another", async () => {
  const { log, clock, ranks } = await play({ rows: [[0, 40, 3], [0, 10, 2]] });
  // Step 0 ends on a page boundary and leaves no budget; step 1 ends both prompts.
  assert.deepEqual(rowsOf(clock), [[32, 0], [8, 10], [1, 1], [1, 0]]);
  assert.deepEqual(clock.batches.map(({ cachedLengths }) => cachedLengths[0]), [0, 32, 40, 41]);
  assert.deepEqual(clock.batches.map(({ sampledRows }) => sampledRows), [0, 2, 2, 1]);
  assert.deepEqual([...log.timeline.endMs.subarray(0, 4)], [42, 70, 82, 93]);
  const { performance, samples } = measure(log, ranks);
  assert.deepEqual(samples.ttftMs, [70, 70]);
  assert.deepEqual(samples.queueMs, [0, 42]);
  assert.deepEqual(samples.tpotMs, [11.5, 12]);
  assert.deepEqual(samples.endToEndMs, [93, 82]);
  assert.equal(performance.whole.tbtMs?.count, 3);
  assert.equal(performance.whole.tbtMs?.mean, 35 / 3);
  assert.equal(performance.attentionOnly.ttftMs?.mean, 50);
  assert.equal(performance.attentionOnly.tbtMs?.mean, 5 / 3);
  assert.equal(performance.meanConcurrency, (42 + 2 * 28 + 2 * 12 + 11) / 93);
  assert.equal(performance.outputTokensPerSecond, 5 / 93 * 1000);
  assert.equal(performance.attentionMs, 53);
  assert.equal(performance.restMs, 40);
});

Deno.test("replay() waits for an arrival when nothing is left to do", async () => {
  const { log } = await play({ rows: [[5, 10, 1], [200, 10, 2]] });
  assert.deepEqual([...log.timeline.startMs.subarray(0, 3)], [5, 200, 220]);
  assert.deepEqual([...log.timeline.endMs.subarray(0, 3)], [25, 220, 231]);
});

Deno.test("replay() admits an arrival at the first step that begins after it", async () => {
  // The first step ends at 20 ms; 20.5 arrives during the second, which ends at 31.
  const { clock, log } = await play({ rows: [[0, 10, 4], [20.5, 6, 1]] });
  assert.deepEqual(rowsOf(clock), [[10, 0], [1, 0], [1, 6], [1, 0]]);
  assert.equal(log.timeline.startMs[2], 31);
});

Deno.test("replay() asks for the time only when an arrival could change the next step", async () => {
  const together = await play({ rows: [[0, 10, 50], [0, 10, 50]] });
  // Once at the start, to learn that both have arrived, costs nothing: no step is pending yet.
  assert.equal(together.clock.flushes(), 1);
  const full = await play({ rows: [[0, 10, 50], [0, 10, 50], [1, 10, 2]] });
  assert.ok(full.clock.flushes() <= 4, `${full.clock.flushes()} flushes`);
  const pending = await play({ rows: [[0, 10, 9]], maxPendingSteps: 3 });
  assert.equal(pending.clock.flushes(), 3);
});

Deno.test("replay() does not skip the queue when its head does not fit", async () => {
  // Three pages: the head needs two, the small one behind it would fit into the free one.
  const { clock } = await play({
    rows: [[0, 20, 2], [0, 20, 1], [0, 5, 1]],
    scheduler: { maxSequences: 3, maxBatchedTokens: 64 },
    pagesPerHead: 3,
  });
  assert.deepEqual(rowsOf(clock), [[20, 0, 0], [1, 0, 0], [20, 5, 0]]);
});

Deno.test("replay() preempts the last decoding request when pages run out, and resumes it", async () => {
  const { log, clock, ranks } = await play({
    rows: [[0, 30, 20], [0, 30, 20]],
    scheduler: { maxBatchedTokens: 64 },
    pagesPerHead: 4,
  });
  // Both hold two of four pages. The 33rd token of the first needs a third: the second gives way
  // with three tokens generated, and prefills 33 when the first has ended.
  assert.deepEqual([...log.times.preemptions], [0, 1]);
  assert.deepEqual(clock.batches[3].queryLengths, Int32Array.of(1, 0));
  assert.deepEqual(clock.batches[20].queryLengths, Int32Array.of(33, 0));
  assert.equal(log.timeline.timed, 37);
  const { performance, samples } = measure(log, ranks);
  assert.equal(performance.preemptions, 1);
  assert.equal(performance.whole.tbtMs?.count, 38);
  // The gap over the preemption: steps 3…19 of one token, then the prefill.
  assert.equal(performance.whole.tbtMs?.max, 17 * 11 + 43);
  assert.equal(samples.ttftMs[1], 70);
});

Deno.test("replay() lists a request with its reason when it can never be served", async () => {
  const { log, ranks } = await play({
    rows: [[0, 250, 20], [0, 100, 1], [0, 10, 1], [0, 10, 0]],
    pagesPerHead: 4,
  });
  assert.deepEqual(log.failed.map(({ request }) => request), [0, 1, 3]);
  assert.match(log.failed[0].reason, /250 \+ 20 tokens and the model's length is 256/);
  assert.match(log.failed[1].reason, /7 pages of each full head/);
  assert.match(log.failed[2].reason, /0 output tokens/);
  const { samples, performance } = measure(log, ranks);
  assert.deepEqual(samples.ttftMs, [null, null, 20, null]);
  assert.equal(performance.whole.tbtMs, null);
});

Deno.test("replay() fails a prompt over the budget when chunked prefill is off", async () => {
  const { log, clock } = await play({
    rows: [[0, 40, 1], [0, 20, 1], [0, 20, 1]],
    scheduler: { chunkedPrefill: false },
  });
  assert.match(log.failed[0].reason, /chunked prefill is off/);
  assert.deepEqual(rowsOf(clock), [[20, 0], [20, 0]]);
});

Deno.test("replay() holds pages back for running requests when a reserve is set", async () => {
  const reserve = {
    kind: "ratio",
    initialRatio: 1,
    decayPerStep: 0,
    floorRatio: 0.1,
    capTokens: 4096,
  } as const;
  const o = { rows: [[0, 30, 20], [0, 30, 20]] as [number, number, number][], pagesPerHead: 4 };
  const { log } = await play({ ...o, scheduler: { maxBatchedTokens: 64, reserve } });
  assert.deepEqual([...log.times.preemptions], [0, 0]);
  assert.equal(log.times.firstSteps[1], 20);
});

Deno.test("replay() frees pages of window heads when recycling is on", async () => {
  const rows: [number, number, number][] = [[0, 100, 60]];
  const off = await play({ rows, layout: "pooled" });
  const on = await play({ rows, layout: "pooled", recycle: true });
  const window = (played: typeof on): number =>
    measure(played.log, played.ranks).performance.peakPages.windowHeads;
  assert.equal(window(off), 10);
  // A chunk of 32 tokens and the 31 before it touch 5 pages wherever they lie.
  assert.ok(window(on) <= 5, `${window(on)} pages`);
  assert.deepEqual(on.log.timeline.endMs, off.log.timeline.endMs);
});

Deno.test("replay() runs more requests at once when one pool recycles", async () => {
  const o = {
    rows: Array.from({ length: 8 }, (): [number, number, number] => [0, 200, 20]),
    scheduler: { maxSequences: 8, maxBatchedTokens: 64 },
    pagesPerHead: 28,
    heads: tinyHeads({ windowTokens: 16 }),
  };
  const mean = async (layout: "headwise" | "pooled", recycle: boolean): Promise<number> => {
    const { log, ranks } = await play({ ...o, layout, recycle });
    return measure(log, ranks).performance.meanConcurrency!;
  };
  assert.equal(await mean("headwise", true), await mean("headwise", false));
  assert.ok(await mean("pooled", true) > 1.2 * await mean("pooled", false));
});

Deno.test("replay() emits accepted draft tokens together when rows are speculative", async () => {
  const always = { draftTokens: 3, acceptRate: 1 };
  const { clock, log, ranks } = await play({
    rows: [[0, 10, 10]],
    more: { speculative: always },
  });
  // One token after the prefill, then 4 and 4, then the one that is left.
  assert.deepEqual(rowsOf(clock), [[10, 0], [4, 0], [4, 0], [1, 0]]);
  assert.deepEqual(clock.batches.map(({ sampledRows }) => sampledRows), [1, 4, 4, 1]);
  const { performance } = measure(log, ranks);
  // Gaps of 14 / 4 four times twice, and one of 11.
  assert.equal(performance.whole.tbtMs?.count, 9);
  assert.equal(performance.whole.tbtMs?.mean, (14 + 14 + 11) / 9);
  const never = await play({
    rows: [[0, 10, 10]],
    more: { speculative: { ...always, acceptRate: 0 } },
  });
  assert.equal(never.log.timeline.timed, 10);
});

Deno.test("replay() draws the same acceptance when the schedule differs", async () => {
  const rows: [number, number, number][] = [[0, 20, 40], [0, 20, 40]];
  const speculative = { draftTokens: 2, acceptRate: 0.6 };
  const steps = async (maxSequences: number): Promise<number> =>
    (await play({
      rows,
      scheduler: { maxSequences, maxBatchedTokens: 64 },
      more: { speculative },
    })).clock.batches
      .reduce((sum, { queryLengths }) => sum + queryLengths.filter((q) => q > 0).length, 0);
  assert.equal(await steps(1), await steps(2));
});

Deno.test("replay() gives all pages back when it is stopped early", async () => {
  const { log } = await play({ rows: [[0, 100, 50]], more: { maxSteps: 3 } });
  assert.equal(log.timeline.timed, 3);
});

Deno.test("replay() stops when the signal is aborted", async () => {
  const signal = AbortSignal.abort();
  const rows: [number, number, number][] = Array.from({ length: 60 }, () => [0, 10, 100]);
  await assert.rejects(play({ rows, more: { signal } }), { code: "bench/aborted" });
});

Deno.test("replay() refuses requests when they are not in arrival order", async () => {
  await assert.rejects(play({ rows: [[5, 10, 1], [4, 10, 1]] }), /sort the requests by arrival/);
});

Deno.test("replay() checks early and late steps when asked for checks", async () => {
  const { log } = await play({ rows: [[0, 10, 200]], more: { maxChecks: 12 } });
  const steps = log.checks.map(({ step }) => step);
  assert.deepEqual(steps.slice(0, 4), [0, 1, 2, 4]);
  assert.ok(steps.at(-1)! > 100);
});

Deno.test("replay() tells how far it has come when it is long", async () => {
  const seen: number[] = [];
  await play({
    rows: Array.from({ length: 60 }, (): [number, number, number] => [0, 10, 100]),
    more: { onProgress: ({ requestsDone }) => seen.push(requestsDone) },
  });
  assert.equal(seen.length, 1);
  // 2048 steps of two requests at a time, 100 steps each.
  assert.equal(seen[0], 40);
});

Deno.test("replay() trusts no times when the pools are inconsistent at the end", async () => {
  const scheduler = tinyScheduler();
  const ranks = tinyRanks({ scheduler, pagesPerHead: 16, debug: false });
  ranks.measured.state.pools.freeCounts[0]--;
  const o = { requests: requestsOf([[0, 10, 2]]), scheduler, speculative: null, ranks, seed: 1 };
  await assert.rejects(replay({ ...o, clock: tokenClock() }), { code: "bench/allocator" });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { measure, replay } from "../replay/mod.ts";
import {
  requestsOf,
  tinyHeads,
  tinyRanks,
  tinyScheduler,
  tokenClock,
} from "../run/test_support.ts";
import { type EngineLimits, simulate, type SimulateOptions } from "./simulate.ts";

const LIMITS: EngineLimits = {
  rule: "mixed",
  maxSequences: 4,
  maxBatchedTokens: 32,
  chunkedPrefill: true,
  reserveRatio: 0,
  maxPromptTokens: null,
};

type Row = readonly [inputTokens: number, outputTokens: number];

/** 10 ms a step and 1 ms a token, as `tokenClock()` takes. */
function play(rows: readonly Row[], changes: Partial<SimulateOptions> = {}) {
  const steps: { prompts: number[]; contexts: number[] }[] = [];
  const times = simulate({
    requests: rows.map(([inputTokens, outputTokens]) => ({
      arrivalMs: changes.concurrency === undefined ? 0 : null,
      inputTokens,
      outputTokens,
    })),
    limits: LIMITS,
    capacityTokens: 1e6,
    heldTokens: (length) => length,
    concurrency: null,
    admitMs: 0,
    stepMs: ({ prompts, contexts }) => {
      steps.push({ prompts: prompts.map(({ query }) => query), contexts: [...contexts] });
      return 10 + contexts.length + prompts.reduce((sum, { query }) => sum + query, 0);
    },
    ...changes,
  });
  return { times, steps };
}

Deno.test("simulate() gives the hand-worked schedule of mixed steps", () => {
  const { times, steps } = play([[40, 3], [10, 2]]);
  assert.deepEqual(steps, [
    { prompts: [32], contexts: [] },
    { prompts: [8, 10], contexts: [] },
    { prompts: [], contexts: [41, 11] },
    { prompts: [], contexts: [42] },
  ]);
  assert.deepEqual([...times.firstMs], [70, 70]);
  assert.deepEqual([...times.lastMs], [93, 82]);
});

Deno.test("simulate() admits no prompt to a step that decode rows fill", () => {
  for (const chunkedPrefill of [true, false]) {
    const limits = { ...LIMITS, maxBatchedTokens: 2, chunkedPrefill };
    const { steps } = play([[1, 3], [1, 3], [1, 1]], { limits });
    assert.deepEqual(steps.map(({ prompts, contexts }) => [prompts.length, contexts.length]), [
      [2, 0],
      [0, 2],
      [0, 2],
      [1, 0],
    ]);
  }
});

Deno.test("simulate() lets decode rows wait for prompts where prompts go first", () => {
  const limits = { ...LIMITS, rule: "prompts-first", maxSequences: 2 } as const;
  const { steps } = play([[20, 4], [30, 2], [30, 2]], { limits });
  assert.deepEqual(steps.slice(0, 5).map(({ prompts }) => prompts), [[20, 12], [18], [], [30], []]);
});

Deno.test("simulate() sends the next request of a closed loop when one ends", () => {
  const { times } = play([[5, 1], [5, 1], [5, 1]], { concurrency: 1 });
  assert.deepEqual([...times.sentMs], [0, 15, 30]);
});

Deno.test("simulate() takes a burst in whole before the engine sees any of it", () => {
  const { times, steps } = play([[5, 1], [5, 1]], { admitMs: 100 });
  assert.deepEqual(steps, [{ prompts: [5, 5], contexts: [] }]);
  assert.deepEqual([...times.firstMs], [220, 220]);
});

Deno.test("simulate() lets a token wait for the request that the front end is taking in", () => {
  const requests = [0, 50].map((arrivalMs) => ({ arrivalMs, inputTokens: 5, outputTokens: 1 }));
  const { times } = play([], { requests, admitMs: 100 });
  // The first one's token is there at 115, while the second one is taken in until 200.
  assert.deepEqual([...times.firstMs], [200, 215]);
});

Deno.test("simulate() preempts the last request when the cache is full, and it starts again", () => {
  const { times } = play([[20, 10], [20, 10]], { capacityTokens: 50 });
  assert.ok(times.preemptions >= 1);
  assert.ok(times.lastMs[1] > times.lastMs[0]);
});

Deno.test("simulate() holds back what requests may still generate", () => {
  const limits = { ...LIMITS, reserveRatio: 1 };
  const { times } = play([[20, 10], [20, 10]], { capacityTokens: 50, limits });
  assert.equal(times.preemptions, 0);
});

Deno.test("simulate() refuses a request that never fits, in place of trying forever", () => {
  assert.throws(() => play([[20, 40]], { capacityTokens: 50 }), /request 0: its 20 \+ 40 tokens/);
  const limits = { ...LIMITS, chunkedPrefill: false, rule: "prompts-first" } as const;
  assert.equal(play([[90, 2]], { limits }).steps[0].prompts[0], 90);
});

Deno.test("simulate() keeps a step in every stage of a pipeline, none with a row of another", () => {
  const { times, steps } = play([[40, 3], [10, 2]], { stages: 2 });
  // 42 ms in stages of 21; the second chunk follows at 21, its tokens come when it left both: 56.
  // Each row's next token waits for the one before, so that one stage idles: 6 + 6, then 5.5 + 5.5.
  assert.deepEqual(steps, [
    { prompts: [32], contexts: [] },
    { prompts: [8, 10], contexts: [] },
    { prompts: [], contexts: [41, 11] },
    { prompts: [], contexts: [42] },
  ]);
  assert.deepEqual([...times.firstMs], [56, 56]);
  assert.deepEqual([...times.lastMs], [79, 68]);
});

Deno.test("simulate() gains nothing by stages for a request that is alone, whatever their number", () => {
  for (const stages of [1, 2, 3, 8]) {
    const { times } = play([[20, 9]], { stages });
    assert.ok(Math.abs(times.lastMs[0] - (30 + 8 * 11)) < 1e-9, `${stages} stages`);
  }
});

Deno.test("simulate() fills the stages where requests arrive apart, and preempts no row under way", () => {
  const requests = Array.from({ length: 8 }, (_, index) => ({
    arrivalMs: index * 7,
    inputTokens: 6,
    outputTokens: 12,
  }));
  const ends = [1, 2].map((stages) => Math.max(...play([], { requests, stages }).times.lastMs));
  assert.ok(ends[1] < ends[0], ends.join(" "));
  const tight = play([], { requests, stages: 4, capacityTokens: 40 }).times;
  assert.ok(tight.preemptions > 0);
  assert.ok(tight.lastMs.every((each, id) => each > tight.firstMs[id]));
});

Deno.test("simulate() computes no prompt tokens that a prefix cache holds, but the last one", () => {
  const at = (cachedTokens: number) =>
    play([], {
      requests: [{ arrivalMs: 0, inputTokens: 40, outputTokens: 2, cachedTokens }],
    }).steps;
  assert.deepEqual(at(35), [{ prompts: [5], contexts: [] }, { prompts: [], contexts: [41] }]);
  assert.deepEqual(at(40)[0].prompts, [1]);
  // They lie in the cache all the same.
  const requests = [0, 1].map(() => ({
    arrivalMs: 0,
    inputTokens: 40,
    outputTokens: 2,
    cachedTokens: 39,
  }));
  const { steps } = play([], { requests, capacityTokens: 60 });
  assert.deepEqual(steps.slice(0, 2).map(({ prompts }) => prompts), [[1], []]);
});

Deno.test("simulate() lets prompts wait for company while others decode", () => {
  const requests = [
    { arrivalMs: 0, inputTokens: 10, outputTokens: 6 },
    { arrivalMs: 1, inputTokens: 5, outputTokens: 1 },
  ];
  const limits = { ...LIMITS, admitTogether: { steps: 2, tokens: 20 } };
  assert.deepEqual(play([], { requests, limits }).steps.slice(0, 4), [
    { prompts: [10], contexts: [] },
    { prompts: [], contexts: [11] },
    { prompts: [], contexts: [12] },
    { prompts: [5], contexts: [13] },
  ]);
  const enough = { ...LIMITS, admitTogether: { steps: 2, tokens: 6 } };
  assert.deepEqual(play([], { requests, limits: enough }).steps[1], {
    prompts: [5],
    contexts: [11],
  });
});

Deno.test("simulate() makes the steps of the full replay, whose pages it does not have", async () => {
  const lengths = fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 30 }));
  await fc.assert(
    fc.asyncProperty(fc.array(lengths, { minLength: 1, maxLength: 12 }), async (rows) => {
      const scheduler = tinyScheduler({
        profile: "vllm-v1",
        admission: "chunk",
        maxSequences: 4,
      });
      const ranks = tinyRanks({
        scheduler,
        pagesPerHead: 64,
        layout: "uniform",
        heads: tinyHeads({ ratio: 0, windowTokens: 0 }),
        debug: false,
      });
      const log = await replay({
        requests: requestsOf(rows.map(([input, output]) => [0, input, output])),
        scheduler,
        speculative: null,
        ranks,
        clock: tokenClock(),
        seed: 1,
      });
      const { samples } = measure(log, ranks);
      const { times } = play(rows);
      assert.deepEqual([...times.firstMs], [...samples.ttftMs]);
      assert.deepEqual([...times.lastMs], [...samples.endToEndMs]);
    }),
    { numRuns: 60 },
  );
});

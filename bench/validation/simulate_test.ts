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

Deno.test("simulate() lets decode rows wait for prompts where prompts go first", () => {
  const limits = { ...LIMITS, rule: "prompts-first", maxSequences: 2 } as const;
  const { steps } = play([[20, 4], [30, 2], [30, 2]], { limits });
  assert.deepEqual(steps.slice(0, 5).map(({ prompts }) => prompts), [[20, 12], [18], [], [30], []]);
});

Deno.test("simulate() sends the next request of a closed loop when one ends", () => {
  const { times } = play([[5, 1], [5, 1], [5, 1]], { concurrency: 1 });
  assert.deepEqual([...times.sentMs], [0, 15, 30]);
});

Deno.test("simulate() lets the front end pass requests on one after another", () => {
  const { times } = play([[5, 1], [5, 1]], { admitMs: 100 });
  assert.deepEqual([...times.firstMs], [115, 215]);
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

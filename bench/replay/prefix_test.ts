import assert from "node:assert/strict";
import fc from "fast-check";
import { availability, headMapFromPattern } from "../../allocator/mod.ts";
import type { TraceRequest } from "../../fixtures/mod.ts";
import { measure } from "./metrics.ts";
import { createRanks } from "../scheduler/ranks.ts";
import { replay } from "./replay.ts";
import { runBench } from "../run/run_bench.ts";
import { tinyScheduler, tinyWorkload, tokenClock } from "../run/test_support.ts";
import { countTokens } from "./token_log.ts";

const BLOCK = 32;

/** Requests from [arrivalMs, blocks, tokens past the blocks, output]. */
function prompts(
  rows: readonly (readonly [number, readonly number[], number, number])[],
): TraceRequest[] {
  return rows.map(([arrivalMs, blocks, extra, outputTokens], id) => ({
    id,
    arrivalMs,
    inputTokens: Math.max(1, blocks.length * BLOCK + extra),
    outputTokens,
    // The last block is not complete: its id names what no other prompt has.
    prefixBlocks: [...blocks, 1000 + id],
  }));
}

function ranksOf(o: {
  readonly layout: "uniform" | "headwise" | "pooled";
  readonly recycle: boolean;
  readonly maxSequences: number;
  readonly pagesPerHead: number;
  readonly tensorParallel?: number;
}) {
  return createRanks(
    {
      layout: o.layout,
      heads: headMapFromPattern({
        layers: 2,
        kvHeads: 4,
        pattern: "first",
        ratio: 0.5,
        windowTokens: 40,
        sinkTokens: 4,
      }),
      slots: o.maxSequences,
      pagesPerHead: o.pagesPerHead,
      pageSizeTokens: 16,
      modelLengthTokens: 256,
      preallocatedPages: 1,
      recycle: o.recycle,
      pageOrder: { kind: "shuffled", seed: 3 },
      debug: true,
    },
    o.tensorParallel ?? 1,
    BLOCK,
  );
}

async function play(o: {
  readonly requests: readonly TraceRequest[];
  readonly layout?: "uniform" | "headwise" | "pooled";
  readonly recycle?: boolean;
  readonly maxSequences?: number;
  readonly maxBatchedTokens?: number;
  readonly pagesPerHead?: number;
  readonly tensorParallel?: number;
}) {
  const maxSequences = o.maxSequences ?? 3;
  const scheduler = tinyScheduler({
    maxSequences,
    maxBatchedTokens: o.maxBatchedTokens ?? 64,
    modelLengthTokens: 256,
  });
  const ranks = ranksOf({
    layout: o.layout ?? "pooled",
    recycle: o.recycle ?? true,
    maxSequences,
    pagesPerHead: o.pagesPerHead ?? 40,
    tensorParallel: o.tensorParallel ?? 1,
  });
  const clock = tokenClock();
  const log = await replay({
    requests: o.requests,
    scheduler,
    speculative: null,
    ranks,
    clock,
    seed: 1,
  });
  return { log, ranks, clock, use: measure(log, ranks).performance.prefixCache! };
}

Deno.test("replay() skips the prefill of a cached prompt when a conversation continues", async () => {
  const requests = prompts([
    [0, [1, 2], 10, 3],
    [5000, [1, 2, 3], 5, 3],
    [9000, [1, 2, 3, 4], 0, 3],
  ]);
  const { log, clock, use } = await play({ requests });
  assert.deepEqual([use.lookups, use.hits, use.hitTokens], [3, 2, 64 + 96]);
  const computed = clock.batches.reduce((sum, { tokens }) => sum + tokens, 0);
  const prompt = requests.reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  assert.equal(computed, prompt - use.hitTokens + 3 * 2);
  requests.forEach((_, request) => assert.equal(countTokens(log.tokens, request), 3));
  // The shared tokens are in the cache before the first step of the second request.
  const first = clock.batches[log.times.firstSteps[1]];
  assert.equal(Math.max(...first.cachedLengths), 64);
});

Deno.test("replay() computes the last token when a whole prompt is cached", async () => {
  const requests = prompts([[0, [1, 2], 0, 2], [5000, [1, 2], 0, 2]]);
  const { use } = await play({ requests });
  assert.equal(use.hitTokens, 32);
});

Deno.test("replay() keeps a window where prompts part when a third one follows", async () => {
  // A long prompt, then two others that leave it after its first block.
  const requests = prompts([
    [0, [1, 2, 3, 4], 0, 1],
    [5000, [1, 5, 6], 0, 1],
    [9000, [1, 7, 8], 0, 1],
  ]);
  const recycled = await play({ requests, maxBatchedTokens: 32 });
  assert.deepEqual([recycled.use.hits, recycled.use.hitTokens], [1, 32]);
  // Without recycling no window page is lacking, so already the second one continues.
  const kept = await play({ requests, maxBatchedTokens: 32, recycle: false });
  assert.deepEqual([kept.use.hits, kept.use.hitTokens], [2, 64]);
});

Deno.test("replay() takes equal decisions on ranks with and without window heads", async () => {
  const requests = prompts([
    [0, [1, 2, 3], 9, 40],
    [10, [1, 2, 4], 9, 40],
    [4000, [1, 2, 3, 5], 9, 4],
    [4000, [1, 6], 9, 4],
  ]);
  for (const layout of ["headwise", "pooled", "uniform"] as const) {
    const two = await play({ requests, layout, tensorParallel: 2, pagesPerHead: 24 });
    assert.equal(two.log.failed.length, 0);
    assert.ok(two.use.hits > 0);
    const [left, right] = two.ranks.prefix!;
    assert.deepEqual(left.statistics, right.statistics);
  }
});

Deno.test("runBench() reports what prefixes spared when the fixture asks for them", async () => {
  const workload = tinyWorkload();
  const options = {
    workload: {
      ...workload,
      cache: { ...workload.cache, pagesPerHead: 256 },
      scheduler: { ...workload.scheduler, modelLengthTokens: 2048 },
    },
    trace: {
      name: "tiny.jsonl",
      sha256: "",
      dropped: {},
      requests: [0, 1].map((id) => ({
        id,
        arrivalMs: id * 1e6,
        inputTokens: 1030,
        outputTokens: 2,
        prefixBlocks: [4, 5, 6 + id],
      })),
    },
    gates: ["gate/capacity"] as const,
    clock: { kind: "model", reason: null } as const,
  };
  const off = await runBench(options);
  const on = await runBench({ ...options, prefixCache: true });
  assert.equal(off.sides[0].runs[0].performance!.prefixCache, null);
  for (const side of on.sides) {
    const { prefixCache, steps } = side.runs[0].performance!;
    assert.deepEqual([side.name, prefixCache?.hitTokens], [side.name, 1024]);
    assert.ok(steps < off.sides[0].runs[0].performance!.steps);
  }
});

Deno.test("replay() serves everything and leaks nothing whatever prompts share", async () => {
  const row = fc.tuple(
    fc.integer({ min: 0, max: 300 }),
    fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 5 }),
    fc.integer({ min: 0, max: BLOCK - 1 }),
    fc.integer({ min: 1, max: 30 }),
  );
  let hits = 0;
  let evictions = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 2, maxLength: 12 }),
      fc.record({
        layout: fc.constantFrom("uniform", "headwise", "pooled"),
        recycle: fc.boolean(),
        maxSequences: fc.integer({ min: 1, max: 4 }),
        maxBatchedTokens: fc.integer({ min: 8, max: 100 }),
        pagesPerHead: fc.integer({ min: 14, max: 40 }),
      }),
      async (rows, engine) => {
        const requests = prompts(rows.toSorted((left, right) => left[0] - right[0]));
        const { log, ranks, use } = await play({ requests, ...engine });
        const failed = new Set(log.failed.map(({ request }) => request));
        requests.forEach(({ outputTokens }, request) => {
          if (!failed.has(request)) assert.equal(countTokens(log.tokens, request), outputTokens);
        });
        assert.equal(availability(ranks.measured), 1);
        hits += use.hits;
        evictions += use.evictedBlocks;
      },
    ),
    { numRuns: 120 },
  );
  assert.ok(hits > 50 && evictions > 20, `only ${hits} hits and ${evictions} evictions`);
});

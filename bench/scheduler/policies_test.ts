import assert from "node:assert/strict";
import fc from "fast-check";
import { validateAllocator } from "../../allocator/mod.ts";
import { SCHEDULER_PROFILES } from "../../fixtures/mod.ts";
import { measure } from "../replay/metrics.ts";
import { replay } from "../replay/replay.ts";
import {
  requestsOf,
  tinyHeads,
  tinyRanks,
  tinyScheduler,
  tokenClock,
} from "../run/test_support.ts";
import { POLICIES } from "./policies.ts";

const profiles = Object.keys(POLICIES) as (keyof typeof POLICIES)[];

Deno.test("every policy serves everybody and gives every page back when pages are short", async () => {
  const row = fc.tuple(
    fc.nat(300),
    fc.integer({ min: 1, max: 90 }),
    fc.integer({ min: 1, max: 30 }),
  );
  const run = fc.record({
    profile: fc.constantFrom(...profiles),
    rows: fc.array(row, { minLength: 1, maxLength: 12 }),
    pagesPerHead: fc.integer({ min: 8, max: 20 }),
    maxBatchedTokens: fc.constantFrom(32, 48, 100),
    ratio: fc.constantFrom(0, 0.5),
    layout: fc.constantFrom("uniform" as const, "headwise" as const, "pooled" as const),
    overlap: fc.boolean(),
    draftTokens: fc.constantFrom(0, 3),
    mixChunks: fc.boolean(),
    longPrefillTokens: fc.constantFrom(0, 20),
  });
  await fc.assert(
    fc.asyncProperty(run, async (o) => {
      const { defaults } = SCHEDULER_PROFILES[o.profile];
      const scheduler = tinyScheduler({
        ...defaults,
        profile: o.profile,
        maxSequences: 4,
        maxBatchedTokens: o.maxBatchedTokens,
        overlap: o.overlap,
        mixChunks: o.mixChunks,
        longPrefillTokens: o.longPrefillTokens,
      });
      const ranks = tinyRanks({
        scheduler,
        pagesPerHead: o.pagesPerHead,
        heads: tinyHeads({ ratio: o.ratio }),
        layout: o.layout,
        recycle: o.ratio > 0,
      });
      const requests = requestsOf(o.rows.sort((a, b) => a[0] - b[0]));
      const clock = tokenClock();
      const speculative = o.draftTokens === 0
        ? null
        : { draftTokens: o.draftTokens, acceptRate: 0.5 };
      const log = await replay({ requests, scheduler, speculative, ranks, clock, seed: 1 });
      assert.deepEqual(log.failed, []);
      assert.deepEqual(validateAllocator(ranks.measured), []);
      const { performance } = measure(log, ranks);
      assert.equal(performance.endToEndMs?.count, requests.length);
      for (const { tokens, queryLengths } of clock.batches) {
        assert.equal(tokens, queryLengths.reduce((sum, count) => sum + count, 0));
        // SGLang's budget is that of prefills alone.
        if (o.profile !== "sglang") assert.ok(tokens <= o.maxBatchedTokens);
      }
    }),
    { numRuns: 200 },
  );
});

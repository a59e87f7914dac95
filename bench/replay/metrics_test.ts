import assert from "node:assert/strict";
import fc from "fast-check";
import { measure } from "./metrics.ts";
import { replay } from "./replay.ts";
import { summarize } from "../statistics/summary.ts";
import { requestsOf, tinyRanks, tinyScheduler, tokenClock } from "../run/test_support.ts";

Deno.test("measure() pools the gaps of every token as if they were written out", async () => {
  const row = fc.tuple(
    fc.integer({ min: 0, max: 400 }),
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 1, max: 30 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 3 }),
      async (rows, draftTokens) => {
        const scheduler = tinyScheduler({ maxSequences: 3 });
        const ranks = tinyRanks({ scheduler, pagesPerHead: 6 });
        const log = await replay({
          requests: requestsOf(rows.toSorted((left, right) => left[0] - right[0])),
          scheduler,
          speculative: draftTokens === 0 ? null : { draftTokens, acceptRate: 0.6 },
          ranks,
          clock: tokenClock(),
          seed: 2,
        });
        const gaps: number[] = [];
        for (let request = 0; request < rows.length; request++) {
          let beforeMs = -1;
          for (let run = log.tokens.firstRun[request]; run >= 0; run = log.tokens.next[run]) {
            for (let i = 0; i < log.tokens.steps[run]; i++) {
              const nowMs = log.timeline.endMs[log.tokens.step[run] + i];
              const tokens = log.tokens.tokens[run];
              for (let token = 0; beforeMs >= 0 && token < tokens; token++) {
                gaps.push((nowMs - beforeMs) / tokens);
              }
              beforeMs = nowMs;
            }
          }
        }
        const pooled = measure(log, ranks).performance.whole.tbtMs;
        const written = summarize(gaps);
        if (pooled === null || written === null) return assert.equal(pooled, written);
        assert.equal(pooled.count, written.count);
        for (const key of ["mean", "min", "p50", "p90", "p95", "p99", "max"] as const) {
          assert.ok(Math.abs(pooled[key] - written[key]) < 1e-9, key);
        }
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("measure() is null and never 0 when nothing was served", async () => {
  const scheduler = tinyScheduler();
  const ranks = tinyRanks({ scheduler, pagesPerHead: 1 });
  const log = await replay({
    requests: requestsOf([[0, 100, 5]]),
    scheduler,
    speculative: null,
    ranks,
    clock: tokenClock(),
    seed: 2,
  });
  const { performance, samples } = measure(log, ranks);
  assert.equal(performance.whole.ttftMs, null);
  assert.equal(performance.whole.tbtMs, null);
  assert.equal(performance.outputTokensPerSecond, null);
  assert.equal(performance.meanConcurrency, null);
  assert.deepEqual(samples.endToEndMs, [null]);
});

Deno.test("measure() counts uniform pages once for each head of each layer group", async () => {
  const peaks = await Promise.all(
    (["uniform", "headwise", "pooled"] as const).map(async (layout) => {
      const scheduler = tinyScheduler();
      const ranks = tinyRanks({ scheduler, pagesPerHead: 6, layout });
      const log = await replay({
        requests: requestsOf([[0, 40, 2]]),
        scheduler,
        speculative: null,
        ranks,
        clock: tokenClock(),
        seed: 2,
      });
      const { fullHeads, windowHeads, capacity } = measure(log, ranks).performance.peakPages;
      return [fullHeads + windowHeads, capacity];
    }),
  );
  assert.deepEqual(peaks, [[6, 12], [6, 12], [6, 12]]);
});

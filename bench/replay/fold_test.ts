import assert from "node:assert/strict";
import fc from "fast-check";
import { requestsOf, tinyRanks, tinyScheduler, tokenClock } from "../run/test_support.ts";
import { stepColumns } from "./fold.ts";
import { SKETCH_RELATIVE_ERROR } from "./gap_sketch.ts";
import { measure } from "./metrics.ts";
import { replay } from "./replay.ts";
import { joinSteps } from "./step_entries.ts";

const row = fc.tuple(
  fc.integer({ min: 0, max: 900 }),
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: 40 }),
);

Deno.test("a replay that folds its steps tells what one that keeps them does, gaps within the error", async () => {
  const run = fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: 10 }),
    keptSteps: fc.integer({ min: 1, max: 40 }),
    draftTokens: fc.constantFrom(0, 3),
    concurrency: fc.constantFrom(null, 2),
    profile: fc.constantFrom("reference" as const, "sglang" as const),
    overlap: fc.boolean(),
    maxPendingSteps: fc.constantFrom(1, 7, Infinity),
  });
  await fc.assert(
    fc.asyncProperty(run, async (o) => {
      const play = async (keptSteps: number) => {
        const { profile, overlap } = o;
        const scheduler = tinyScheduler({ maxSequences: 3, profile, overlap });
        const ranks = tinyRanks({ scheduler, pagesPerHead: 7 });
        const log = await replay({
          requests: requestsOf(o.rows.toSorted((left, right) => left[0] - right[0])),
          concurrency: o.concurrency,
          scheduler,
          speculative: o.draftTokens === 0 ? null : { draftTokens: o.draftTokens, acceptRate: 0.6 },
          ranks,
          clock: tokenClock({ maxPendingSteps: o.maxPendingSteps }),
          seed: 2,
          keptSteps,
        });
        const steps = log.timeline.timed;
        const entries = joinSteps(stepColumns(log), {
          steps,
          maxEntries: 1,
          headPages: 1,
          pageHistory: null,
        });
        return { log, entries, ...measure(log, ranks) };
      };
      const [kept, folded] = [await play(Infinity), await play(o.keptSteps)];
      assert.equal(kept.log.folded, null);
      if (kept.log.timeline.timed >= o.keptSteps) assert.notEqual(folded.log.folded, null);
      assert.deepEqual(folded.samples, kept.samples);
      assert.deepEqual({ ...folded.entries, stepsPerEntry: 0 }, {
        ...kept.entries,
        stepsPerEntry: 0,
      });
      const { whole, attentionOnly, tbtRelativeError: _, ...figures } = folded.performance;
      const { whole: exact, attentionOnly: exactAttention, ...wanted } = kept.performance;
      assert.deepEqual(figures, wanted);
      assert.deepEqual(whole.ttftMs, exact.ttftMs);
      assert.deepEqual(attentionOnly.ttftMs, exactAttention.ttftMs);
      for (
        const [found, right] of [[whole, exact], [attentionOnly, exactAttention]] as const
      ) {
        if (found.tbtMs === null || right.tbtMs === null) {
          assert.equal(found.tbtMs, right.tbtMs);
          continue;
        }
        assert.equal(found.tbtMs.count, right.tbtMs.count);
        for (const key of ["mean", "min", "max", "p50", "p90", "p95", "p99"] as const) {
          const error = Math.abs(found.tbtMs[key] - right.tbtMs[key]);
          assert.ok(error <= right.tbtMs[key] * SKETCH_RELATIVE_ERROR * 1.001, `${key}: ${error}`);
        }
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("a replay that drops its requests tells what one that keeps them does, within the error", async () => {
  const run = fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: 10 }),
    keptSteps: fc.integer({ min: 1, max: 40 }),
    keptRequests: fc.integer({ min: 0, max: 9 }),
    concurrency: fc.constantFrom(null, 2),
    overlap: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ rows, concurrency, overlap, ...o }) => {
      const requests = requestsOf(rows.toSorted((left, right) => left[0] - right[0]));
      const play = async (limits: { keptSteps?: number; keptRequests: number }) => {
        const scheduler = tinyScheduler({ maxSequences: 3, overlap });
        const ranks = tinyRanks({ scheduler, pagesPerHead: 7 });
        const clock = tokenClock({ maxPendingSteps: 7 });
        const common = { requests, concurrency, scheduler, speculative: null, ranks, clock };
        return measure(await replay({ ...common, seed: 2, ...limits }), ranks);
      };
      const [kept, dropped] = [await play({ keptRequests: Infinity }), await play(o)];
      if (requests.length <= o.keptRequests) {
        assert.equal(dropped.requestRelativeError, 0);
        return assert.deepEqual(dropped.samples, kept.samples);
      }
      assert.equal(dropped.requestRelativeError, SKETCH_RELATIVE_ERROR);
      assert.throws(() => dropped.samples, /Cannot give a value for each request/);
      const [found, right] = [dropped.performance, kept.performance];
      for (const key of ["requestsPerSecond", "totalTokensPerSecond", "durationMs"] as const) {
        assert.equal(found[key], right[key]);
      }
      for (
        const [summary, exact] of [
          [found.whole.ttftMs, right.whole.ttftMs],
          [found.attentionOnly.ttftMs, right.attentionOnly.ttftMs],
          [found.queueMs, right.queueMs],
          [found.ttftWithoutQueueMs, right.ttftWithoutQueueMs],
          [found.tpotMs, right.tpotMs],
          [found.endToEndMs, right.endToEndMs],
        ]
      ) {
        if (!summary || !exact) {
          assert.equal(summary, exact);
          continue;
        }
        assert.deepEqual([summary.count, summary.min, summary.max], [
          exact.count,
          exact.min,
          exact.max,
        ]);
        for (const key of ["mean", "p50", "p90", "p99"] as const) {
          const error = Math.abs(summary[key] - exact[key]);
          assert.ok(error <= exact[key] * SKETCH_RELATIVE_ERROR * 1.001 + 1e-8, `${key}: ${error}`);
        }
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("a replay that drops its requests holds no more for them when there are ten times as many", async () => {
  const heldAfter = async (count: number): Promise<number> => {
    const scheduler = tinyScheduler({ maxSequences: 3 });
    const log = await replay({
      requests: requestsOf(Array.from({ length: count }, (_, i) => [i * 40, 20, 3])),
      scheduler,
      speculative: null,
      ranks: tinyRanks({ scheduler, pagesPerHead: 7 }),
      clock: tokenClock({ maxPendingSteps: 7 }),
      seed: 2,
      keptSteps: 64,
      keptRequests: 16,
    });
    const { times, tokens, timeline } = log;
    const columns = [
      ...Object.values(times),
      ...Object.values(tokens),
      ...Object.values(timeline),
    ].filter((value) => ArrayBuffer.isView(value));
    assert.ok(columns.length > 20);
    return columns.reduce((bytes, { byteLength }) => bytes + byteLength, 0);
  };
  const few = await heldAfter(500);
  assert.equal(await heldAfter(5000), few);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { availability } from "../../allocator/mod.ts";
import { measure } from "./metrics.ts";
import { replay } from "./replay.ts";
import { requestsOf, tinyRanks, tinyScheduler, tokenClock } from "../run/test_support.ts";
import { countTokens, type TokenLog } from "./token_log.ts";

const requests = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 1, max: 150 }),
    fc.integer({ min: 1, max: 40 }),
  ),
  { minLength: 1, maxLength: 10 },
);

const engine = fc.record({
  rows: requests,
  maxSequences: fc.integer({ min: 1, max: 4 }),
  maxBatchedTokens: fc.integer({ min: 4, max: 80 }),
  preallocatedPages: fc.integer({ min: 0, max: 2 }),
  pagesPerHead: fc.integer({ min: 6, max: 24 }),
  layout: fc.constantFrom("uniform", "headwise", "pooled"),
  recycle: fc.boolean(),
  draftTokens: fc.integer({ min: 0, max: 3 }),
  maxPendingSteps: fc.integer({ min: 1, max: 50 }),
});

type Engine = typeof engine extends fc.Arbitrary<infer T> ? T : never;

async function play(o: Engine) {
  const scheduler = tinyScheduler(o);
  const ranks = tinyRanks({ ...o, scheduler });
  const clock = tokenClock({ maxPendingSteps: o.maxPendingSteps });
  const sorted = o.rows.toSorted((left, right) => left[0] - right[0]);
  const log = await replay({
    requests: requestsOf(sorted),
    scheduler,
    speculative: o.draftTokens === 0 ? null : { draftTokens: o.draftTokens, acceptRate: 0.5 },
    ranks,
    clock,
    seed: 9,
  });
  return { log, clock, ranks, scheduler };
}

/** Steps in which a request got tokens, in the order of the log. */
function stepsOf(log: TokenLog, request: number): number[] {
  const steps: number[] = [];
  for (let run = log.firstRun[request]; run >= 0; run = log.next[run]) {
    for (let i = 0; i < log.steps[run]; i++) steps.push(log.step[run] + i);
  }
  return steps;
}

Deno.test("replay() serves every request once and in order whatever the engine", async () => {
  await fc.assert(
    fc.asyncProperty(engine, async (o) => {
      const { log, ranks } = await play(o);
      const failed = new Set(log.failed.map(({ request }) => request));
      assert.equal(failed.size, log.failed.length);
      o.rows.forEach((_, request) => {
        const { id, outputTokens, arrivalMs } = log.arrivals.requests.at(request)!;
        const tokens = countTokens(log.tokens, request);
        assert.equal(tokens, failed.has(id) ? tokens : outputTokens);
        const steps = stepsOf(log.tokens, request);
        steps.forEach((step, i) => assert.ok(i === 0 || step > steps[i - 1]));
        if (steps.length === 0) return;
        assert.ok(log.times.firstSteps[request] <= steps[0]);
        assert.ok(log.timeline.startMs[log.times.firstSteps[request]] >= arrivalMs);
      });
      assert.equal(availability(ranks.measured), 1);
    }),
    { numRuns: 150 },
  );
});

Deno.test("replay() keeps to the budget, the slots and the clock whatever the engine", async () => {
  await fc.assert(
    fc.asyncProperty(engine, async (o) => {
      const { log, clock, scheduler } = await play(o);
      for (const { queryLengths, tokens } of clock.batches) {
        assert.equal(queryLengths.reduce((sum, count) => sum + count, 0), tokens);
        assert.ok(tokens > 0 && tokens <= scheduler.maxBatchedTokens);
      }
      const { timeline } = log;
      assert.equal(timeline.timed, clock.batches.length);
      for (let step = 0; step < timeline.timed; step++) {
        assert.ok(timeline.running[step] <= scheduler.maxSequences);
        assert.ok(step === 0 || timeline.startMs[step] >= timeline.endMs[step - 1]);
        assert.ok(timeline.endMs[step] > timeline.startMs[step]);
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("replay() decides the same on every layout when nothing is recycled", async () => {
  await fc.assert(
    fc.asyncProperty(engine, async (o) => {
      const ends = await Promise.all(
        (["uniform", "headwise", "pooled"] as const).map(async (layout) => {
          const { log, ranks } = await play({ ...o, layout, recycle: false });
          return measure(log, ranks).samples;
        }),
      );
      assert.deepEqual(ends[1], ends[0]);
      assert.deepEqual(ends[2], ends[0]);
    }),
    { numRuns: 60 },
  );
});

Deno.test("replay() gives the same times however many steps a clock holds back", async () => {
  await fc.assert(
    fc.asyncProperty(engine, fc.integer({ min: 1, max: 5 }), async (o, maxPendingSteps) => {
      const [often, late] = await Promise.all([
        play({ ...o, maxPendingSteps }),
        play({ ...o, maxPendingSteps: 1_000_000 }),
      ]);
      assert.deepEqual(
        measure(often.log, often.ranks),
        measure(late.log, late.ranks),
      );
    }),
    { numRuns: 60 },
  );
});

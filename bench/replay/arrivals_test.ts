import assert from "node:assert/strict";
import fc from "fast-check";
import type { TraceRequest } from "../../fixtures/mod.ts";
import { requestsOf, tinyRanks, tinyScheduler, tokenClock } from "../run/test_support.ts";
import { measure } from "./metrics.ts";
import { replay } from "./replay.ts";

interface Play {
  readonly requests: readonly TraceRequest[];
  readonly concurrency?: number;
  readonly keptSteps?: number;
  readonly maxPendingSteps?: number;
  readonly overlap?: boolean;
}

async function play(o: Play) {
  const { requests, concurrency = null, keptSteps = Infinity } = o;
  const scheduler = tinyScheduler({ maxSequences: 3, overlap: o.overlap ?? false });
  const ranks = tinyRanks({ scheduler, pagesPerHead: 16 });
  const log = await replay({
    requests,
    concurrency,
    scheduler,
    speculative: null,
    ranks,
    clock: tokenClock({ maxPendingSteps: o.maxPendingSteps ?? 1 }),
    seed: 1,
    keptSteps,
  });
  return { log, ...measure(log, ranks) };
}

function follow(request: number, delayMs: number, [, input, output] = [0, 16, 1]): TraceRequest {
  return {
    id: 0,
    arrivalMs: 0,
    inputTokens: input,
    outputTokens: output,
    after: { request, delayMs },
  };
}

Deno.test("replay() sends a turn so long after the answer that it follows", async () => {
  const { samples } = await play({
    requests: [...requestsOf([[0, 16, 2]]), follow(0, 100), follow(0, 3, [0, 16, 1]), follow(1, 0)],
  });
  // 16 tokens end at 26 ms, the decode step at 37; a turn of 16 tokens takes 26 ms.
  assert.deepEqual(samples.arrivalMs, [0, 137, 40, 163]);
  assert.deepEqual(samples.ttftMs, [26, 26, 26, 26]);
  assert.deepEqual(samples.queueMs, [0, 0, 0, 0]);
});

Deno.test("replay() lets the next turn follow one that failed", async () => {
  const { log, samples } = await play({
    requests: [...requestsOf([[5, 250, 20]]), follow(0, 10), follow(1, 1)].map((request, id) => ({
      ...request,
      id,
      arrivalMs: 5,
    })),
  });
  assert.deepEqual(log.failed.map(({ request }) => request), [0]);
  assert.deepEqual(samples.ttftMs, [null, 26, 26]);
  assert.deepEqual(samples.arrivalMs, [5, 15, 42]);
});

Deno.test("replay() refuses a turn that follows itself or a later one", async () => {
  await assert.rejects(
    play({ requests: [follow(0, 1)] }),
    /Cannot replay request 0: it follows request 0 by 1 ms; a turn follows a request that stands/,
  );
});

Deno.test("replay() refuses turns in a closed loop, whose arrivals follow from its ends", async () => {
  await assert.rejects(
    play({ requests: [...requestsOf([[0, 16, 1]]), follow(0, 1)], concurrency: 2 }),
    /Cannot replay request 1 in a closed loop/,
  );
});

Deno.test("replay() keeps every delay, however steps are timed, folded or overlapped", async () => {
  const row = fc.record({
    arrivalMs: fc.integer({ min: 0, max: 300 }),
    inputTokens: fc.integer({ min: 1, max: 60 }),
    outputTokens: fc.integer({ min: 1, max: 12 }),
    before: fc.option(fc.nat({ max: 9 })),
    delayMs: fc.integer({ min: 0, max: 80 }),
  });
  const run = fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: 10 }),
    keptSteps: fc.integer({ min: 1, max: 40 }),
    maxPendingSteps: fc.constantFrom(1, 7, Infinity),
    overlap: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ rows, ...o }) => {
      const sorted = rows.toSorted((left, right) => left.arrivalMs - right.arrivalMs);
      const requests = sorted.map(({ before, delayMs, ...request }, id): TraceRequest => ({
        id,
        ...request,
        ...(before === null || before >= id ? {} : { after: { request: before, delayMs } }),
      }));
      const plain = await play({ requests, overlap: o.overlap });
      const { samples } = await play({ requests, ...o });
      assert.deepEqual(samples, plain.samples);
      if (samples.arrivalMs === undefined) {
        return assert.ok(requests.every(({ after }) => after === undefined));
      }
      for (const { id, after, arrivalMs } of requests) {
        const wanted = after === undefined
          ? arrivalMs
          : samples.arrivalMs[after.request] + samples.endToEndMs[after.request]! + after.delayMs;
        assert.ok(Math.abs(samples.arrivalMs[id] - wanted) < 1e-5);
        assert.ok(samples.queueMs[id]! >= 0);
      }
    }),
    { numRuns: 150 },
  );
});

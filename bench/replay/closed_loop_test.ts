import assert from "node:assert/strict";
import { requestsOf, tinyRanks, tinyScheduler, tokenClock } from "../run/test_support.ts";
import { measure } from "./metrics.ts";
import { replay } from "./replay.ts";

async function play(
  o: { rows: [number, number, number][]; concurrency: number; overlap?: boolean },
) {
  const scheduler = tinyScheduler({ maxSequences: 4, overlap: o.overlap ?? false });
  const ranks = tinyRanks({ scheduler, pagesPerHead: 16 });
  const clock = tokenClock();
  const log = await replay({
    requests: requestsOf(o.rows),
    concurrency: o.concurrency,
    scheduler,
    speculative: null,
    ranks,
    clock,
    seed: 1,
  });
  const { samples, performance } = measure(log, ranks);
  return { rows: clock.batches.map(({ queryLengths }) => [...queryLengths]), samples, performance };
}

Deno.test("replay() keeps so many requests under way when arrivals are a closed loop", async () => {
  const { rows, samples, performance } = await play({
    rows: [[0, 16, 2], [0, 16, 1], [0, 16, 1], [0, 16, 1]],
    concurrency: 2,
  });
  // Two at once; the second ends with step 0 at 42 ms, the first and the third with step 1 at 69.
  assert.deepEqual(rows, [[16, 16, 0, 0], [1, 16, 0, 0], [16, 0, 0, 0]]);
  assert.deepEqual(samples.arrivalMs, [0, 0, 42, 69]);
  assert.deepEqual(samples.ttftMs, [42, 42, 27, 26]);
  assert.deepEqual(samples.queueMs, [0, 0, 0, 0]);
  assert.equal(performance.ttftWithoutQueueMs?.mean, (42 + 42 + 27 + 26) / 4);
  assert.equal(performance.peakConcurrency, 2);
});

Deno.test("replay() follows an end one step later when steps overlap", async () => {
  const { rows, samples } = await play({
    rows: [[0, 16, 3], [0, 16, 1], [0, 16, 1]],
    concurrency: 2,
    overlap: true,
  });
  // The second ends with step 0, while step 1 has been planned without the third.
  assert.deepEqual(rows, [[16, 16, 0, 0], [1, 0, 0, 0], [1, 16, 0, 0]]);
  assert.equal(samples.arrivalMs?.[2], 42);
});

Deno.test("replay() lets a failed request bring the next one too", async () => {
  const { samples } = await play({ rows: [[0, 250, 20], [0, 16, 1]], concurrency: 1 });
  assert.equal(samples.ttftMs[0], null);
  assert.equal(samples.ttftMs[1], 26);
});

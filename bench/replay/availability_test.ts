import assert from "node:assert/strict";
import { admit, toSlot } from "../../allocator/mod.ts";
import { AVAILABILITY_READINGS } from "../result/mod.ts";
import { readAvailability } from "../scheduler/availability.ts";
import { measure } from "./metrics.ts";
import { replay } from "./replay.ts";
import { requestsOf, tinyRanks, tinyScheduler, tokenClock } from "../run/test_support.ts";

Deno.test("readAvailability() reads wrongly in the ways that happened", () => {
  const scheduler = tinyScheduler({ maxSequences: 4 });
  const { measured } = tinyRanks({ scheduler, pagesPerHead: 16 });
  const readings = (): number[] =>
    AVAILABILITY_READINGS.map((reading) => readAvailability(measured, reading));
  assert.deepEqual(readings(), [1, 0, 1, 1]);
  // 4 pages of each of 2 heads: 8 of 32 head-pages, held against 16 pages of all heads.
  admit(measured, toSlot(0, { limit: 4 }), 64);
  assert.deepEqual(readings(), [0.75, 0, 0, 0.5]);
  admit(measured, toSlot(1, { limit: 4 }), 112);
  assert.deepEqual(readings(), [10 / 32, 0, 0, 1 - 22 / 16]);
});

/** First steps of four short requests that arrive at once. */
async function firstSteps(availability: (typeof AVAILABILITY_READINGS)[number]): Promise<number[]> {
  const scheduler = tinyScheduler({ maxSequences: 4, maxBatchedTokens: 64 });
  const ranks = tinyRanks({ scheduler, pagesPerHead: 16 });
  const log = await replay({
    requests: requestsOf([[0, 16, 3], [0, 16, 3], [0, 16, 3], [0, 16, 3]]),
    scheduler,
    speculative: null,
    ranks,
    clock: tokenClock(),
    seed: 1,
    availability,
  });
  assert.equal(measure(log, ranks).performance.whole.ttftMs?.count, 4);
  return [...log.times.firstSteps];
}

Deno.test("replay() takes in what the pools hold when availability is read rightly", async () => {
  assert.deepEqual(await firstSteps("pools"), [0, 0, 0, 0]);
});

Deno.test("replay() takes in one request a step when availability is read as 0", async () => {
  assert.deepEqual(await firstSteps("emptied-list"), [0, 1, 2, 3]);
  assert.deepEqual(await firstSteps("integer-division"), [0, 1, 2, 3]);
});

Deno.test("replay() serves everybody whatever the reading", async () => {
  assert.deepEqual(await firstSteps("mixed-units"), [0, 0, 0, 0]);
});

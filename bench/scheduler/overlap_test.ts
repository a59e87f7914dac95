import assert from "node:assert/strict";
import { replay } from "../replay/replay.ts";
import { requestsOf, tinyRanks, tinyScheduler, tokenClock } from "../run/test_support.ts";
import { scheduleOf } from "./testing_schedule.ts";

Deno.test("an ended request keeps its slot for one more step where steps overlap", () => {
  const table = (overlap: boolean): number[][] =>
    scheduleOf({
      profile: "reference",
      rows: [[16, 1], [16, 3], [16, 1]],
      settings: { overlap },
    }).steps();
  assert.deepEqual(table(false), [[16, 16], [16, 1], [0, 1]]);
  assert.deepEqual(table(true), [[16, 16], [0, 1], [16, 1]]);
});

Deno.test("a batch that is empty gives everything back at once, overlap or not", () => {
  const { steps } = scheduleOf({
    profile: "reference",
    rows: [[16, 1], [16, 1]],
    settings: { overlap: true, maxSequences: 1 },
  });
  assert.deepEqual(steps(), [[16], [16]]);
});

Deno.test("replay() admits an arrival one step later where steps overlap", async () => {
  const table = async (overlap: boolean): Promise<number[][]> => {
    const scheduler = tinyScheduler({ overlap });
    const clock = tokenClock();
    const ranks = tinyRanks({ scheduler, pagesPerHead: 16 });
    const requests = requestsOf([[0, 16, 4], [5, 16, 1]]);
    await replay({ requests, scheduler, speculative: null, ranks, clock, seed: 1 });
    return clock.batches.map(({ queryLengths }) => [...queryLengths]);
  };
  // The first step lasts from 0 to 26 ms; the second one is planned at 26, or while it runs.
  assert.deepEqual(await table(false), [[16, 0], [1, 16], [1, 0], [1, 0]]);
  assert.deepEqual(await table(true), [[16, 0], [1, 0], [1, 16], [1, 0]]);
});

import assert from "node:assert/strict";
import { allocatedColumns } from "../../allocator/mod.ts";
import { scheduleOf } from "./testing_schedule.ts";
import { requireSlot } from "./scheduler.ts";

const profile = "fastdeploy-v1" as const;

Deno.test("fastdeploy-v1 keeps the tokens of decode rows back from the budget", () => {
  const { steps } = scheduleOf({
    profile,
    rows: [[16, 4], [40, 1]],
    settings: { maxBatchedTokens: 16 },
  });
  assert.deepEqual(steps(), [[16, 0], [1, 15], [1, 15], [1, 10]]);
});

Deno.test("fastdeploy-v1 gives a decode pages ahead when few places are left", () => {
  const { step, scheduler, requests: [request] } = scheduleOf({
    profile,
    rows: [[16, 40]],
    settings: { preallocatedPages: 2 },
  });
  const columns = (): number => allocatedColumns(scheduler.ranks.measured, requireSlot(request));
  step();
  assert.equal(columns(), 1);
  step();
  assert.equal(columns(), 3);
  // 48 places: from 36 tokens on no more than 12 are left.
  while (request.cached < 35) step();
  assert.equal(columns(), 3);
  step();
  assert.equal(columns(), 5);
});

Deno.test("fastdeploy-v1 admits beside pages for every running request, fewer by the step", () => {
  const { step, scheduler } = scheduleOf({
    profile,
    rows: [[16, 40], [16, 1]],
    settings: {
      preallocatedPages: 2,
      reserve: { kind: "pages", initialPages: 6, decayPerStep: 1, floorPages: 0 },
    },
    pagesPerHead: 6,
  });
  // One page and 6, 5, 4 and 3 reserved ones are more than 5, then 3 that are free; 1 + 2 are not.
  assert.deepEqual([step(), step(), step(), step(), step()], [
    [16, 0],
    [1, 0],
    [1, 0],
    [1, 0],
    [1, 16],
  ]);
  assert.equal(scheduler.reserve, 1);
});

Deno.test("fastdeploy-v1 preempts prefills and decodes alike, and the reserve starts again", () => {
  const { step, scheduler, waiting } = scheduleOf({
    profile,
    rows: [[16, 20], [60, 1]],
    settings: {
      maxBatchedTokens: 33,
      preallocatedPages: 1,
      reserve: { kind: "pages", initialPages: 1, decayPerStep: 1, floorPages: 0 },
    },
    pagesPerHead: 4,
  });
  // One page, then two and one reserved.
  assert.deepEqual(step(), [16, 17]);
  assert.equal(scheduler.reserve, 0);
  // The decode takes the fourth page, and the prefill has to give its two back.
  assert.deepEqual(step(), [1, 0]);
  assert.deepEqual(waiting(), [1]);
  assert.equal(scheduler.reserve, 0);
  assert.equal(scheduler.running.length, 1);
});

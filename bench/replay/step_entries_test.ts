import assert from "node:assert/strict";
import { type StepColumns, stepColumns } from "./fold.ts";
import { joinSteps } from "./step_entries.ts";
import { createTimeline, recordStep, timeSteps } from "./timeline.ts";

/** Steps of 10 ms, 3 of them attention; step i runs i requests with i pages of full heads. */
function steps(count: number): StepColumns {
  const timeline = createTimeline();
  for (let step = 0; step < count; step++) {
    recordStep(timeline, {
      running: step,
      prefillTokens: 2,
      decodeTokens: step,
      fullHeadPages: step,
      windowHeadPages: count - step,
    });
  }
  timeSteps(timeline, {
    attentionMs: new Float64Array(count).fill(3),
    restMs: new Float64Array(count).fill(7),
  });
  return stepColumns({ timeline, folded: null });
}

Deno.test("joinSteps() keeps every step when there is room", () => {
  const joined = joinSteps(steps(3), { steps: 3, maxEntries: 3, headPages: 4, pageHistory: null });
  assert.deepEqual(joined, {
    steps: 3,
    stepsPerEntry: 1,
    startMs: [0, 10, 20],
    endMs: [10, 20, 30],
    attentionMs: [3, 3, 3],
    running: [0, 1, 2],
    prefillTokens: [2, 2, 2],
    decodeTokens: [0, 1, 2],
    fullHeadPages: [0, 4, 8],
    windowHeadPages: [12, 8, 4],
    pageHistory: null,
  });
});

Deno.test("joinSteps() adds tokens and times, averages the batch and keeps the most pages", () => {
  const joined = joinSteps(steps(11), {
    steps: 11,
    maxEntries: 4,
    headPages: 1,
    pageHistory: null,
  });
  assert.equal(joined.stepsPerEntry, 4);
  assert.deepEqual(joined.startMs, [0, 40, 80]);
  assert.deepEqual(joined.endMs, [40, 80, 110]);
  assert.deepEqual(joined.attentionMs, [12, 12, 9]);
  assert.deepEqual(joined.running, [1.5, 5.5, 9]);
  assert.deepEqual(joined.prefillTokens, [8, 8, 6]);
  assert.deepEqual(joined.decodeTokens, [6, 22, 27]);
  assert.deepEqual(joined.fullHeadPages, [3, 7, 10]);
  assert.deepEqual(joined.windowHeadPages, [11, 7, 3]);
});

Deno.test("joinSteps() has no entry when no step ran", () => {
  const joined = joinSteps(steps(0), { steps: 0, maxEntries: 4, headPages: 1, pageHistory: null });
  assert.deepEqual([joined.steps, joined.startMs, joined.running], [0, [], []]);
});

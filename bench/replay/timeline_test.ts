import assert from "node:assert/strict";
import { attentionAt, createTimeline, nowMs, recordStep, timeSteps } from "./timeline.ts";

function threeSteps(): ReturnType<typeof createTimeline> {
  const timeline = createTimeline();
  for (const startMs of [0, 0, 100]) recordStep(timeline, { startMs, running: 1 });
  timeSteps(timeline, { attentionMs: Float64Array.of(4, 6), restMs: Float64Array.of(6, 14) });
  timeSteps(timeline, { attentionMs: Float64Array.of(5), restMs: Float64Array.of(5) });
  return timeline;
}

Deno.test("timeSteps() lays steps end to end unless an arrival is waited for", () => {
  const timeline = threeSteps();
  assert.deepEqual([...timeline.startMs.subarray(0, 3)], [0, 10, 100]);
  assert.deepEqual([...timeline.endMs.subarray(0, 3)], [10, 30, 110]);
  assert.deepEqual([...timeline.attentionUpToMs.subarray(0, 3)], [4, 10, 15]);
  assert.equal(nowMs(timeline, 0), 0);
  assert.equal(nowMs(timeline, 2), 30);
});

Deno.test("attentionAt() passes evenly inside a step and stands still while idle", () => {
  const timeline = threeSteps();
  const moments = [-1, 0, 5, 10, 20, 30, 70, 100, 105, 110, 500];
  assert.deepEqual(
    moments.map((timeMs) => attentionAt(timeline, timeMs)),
    [0, 0, 2, 4, 7, 10, 10, 10, 12.5, 15, 15],
  );
});

Deno.test("recordStep() grows when there are many steps", () => {
  const timeline = createTimeline();
  const steps = 5000;
  for (let step = 0; step < steps; step++) recordStep(timeline, { running: step });
  timeSteps(timeline, {
    attentionMs: new Float64Array(steps).fill(1),
    restMs: new Float64Array(steps),
  });
  assert.equal(nowMs(timeline, steps), steps);
  assert.equal(timeline.running[4999], 4999);
});

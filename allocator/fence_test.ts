import assert from "node:assert/strict";
import fc from "fast-check";
import {
  beginFenceStep,
  completeFenceStep,
  countSettledPages,
  createFence,
  dropSettledPages,
  holdPage,
  type InFlightFence,
  StepError,
  type StepId,
} from "./fence.ts";
import { toPageKey } from "./ids.ts";

function takeSettled(fence: InFlightFence): number[] {
  const keys: number[] = [];
  for (let count = countSettledPages(fence); count > 0; count = countSettledPages(fence)) {
    keys.push(...fence.keys.subarray(fence.head, fence.head + count));
    dropSettledPages(fence, count);
  }
  return keys;
}

Deno.test("countSettledPages() waits for every step that was open at the free, and no later one", () => {
  const fence = createFence(4);
  const first = beginFenceStep(fence);
  const second = beginFenceStep(fence);
  assert.equal(holdPage(fence, toPageKey(16, 0, 11)), true);
  const third = beginFenceStep(fence);
  completeFenceStep(fence, second);
  assert.deepEqual(takeSettled(fence), []);
  completeFenceStep(fence, first);
  assert.deepEqual(takeSettled(fence), [11]);
  assert.deepEqual(takeSettled(fence), []);
  completeFenceStep(fence, third);
});

Deno.test("completeFenceStep() refuses a step that is not open", () => {
  const fence = createFence(4);
  for (const step of [0, -1, 0.5, NaN]) {
    assert.throws(
      () => completeFenceStep(fence, step as StepId),
      (error) => error instanceof StepError && error.code === "step/not-open",
    );
  }
  const step = beginFenceStep(fence);
  const younger = beginFenceStep(fence);
  completeFenceStep(fence, younger);
  assert.throws(() => completeFenceStep(fence, younger), StepError);
  completeFenceStep(fence, step);
  assert.throws(() => completeFenceStep(fence, step), StepError);
});

Deno.test("beginFenceStep() keeps flags when more steps are open than the ring held", () => {
  const fence = createFence(1);
  const steps = Array.from({ length: 200 }, () => beginFenceStep(fence));
  for (const step of steps.slice(1, 150)) completeFenceStep(fence, step);
  assert.equal(fence.oldestOpen, steps[0]);
  const more = Array.from({ length: 200 }, () => beginFenceStep(fence));
  completeFenceStep(fence, steps[0]);
  assert.equal(fence.oldestOpen, steps[150]);
  for (const step of [...steps.slice(150), ...more]) completeFenceStep(fence, step);
  assert.equal(fence.oldestOpen, fence.nextStep);
});

Deno.test("the fence agrees with a list of waiting sets under random steps and frees", () => {
  const command = fc.oneof(
    fc.constant({ kind: "begin" } as const),
    fc.record({ kind: fc.constant("complete" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("hold" as const) }),
  );
  fc.assert(fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
    const fence = createFence(7);
    const open: StepId[] = [];
    const waiting: { key: number; steps: Set<StepId> }[] = [];
    let key = 0;
    for (const c of commands) {
      if (c.kind === "begin") open.push(beginFenceStep(fence));
      else if (c.kind === "hold") {
        // There is a place for each page, so no more can wait.
        if (waiting.length === 7) continue;
        assert.equal(holdPage(fence, toPageKey(64, 0, key)), open.length > 0);
        if (open.length > 0) waiting.push({ key, steps: new Set(open) });
        key++;
      } else if (open.length > 0) {
        const [step] = open.splice(c.pick % open.length, 1);
        completeFenceStep(fence, step);
        for (const page of waiting) page.steps.delete(step);
      }
      const settled: number[] = [];
      while (waiting.length > 0 && waiting[0].steps.size === 0) settled.push(waiting.shift()!.key);
      assert.deepEqual(takeSettled(fence), settled);
      assert.equal(fence.waiting, waiting.length);
    }
  }));
});

import assert from "node:assert/strict";
import { createBlockTable } from "../../allocator/mod.ts";
import { createPendingSteps } from "./pending_steps.ts";

const TABLE = createBlockTable({
  layout: "uniform",
  layerGroups: 1,
  slots: 1,
  kvHeads: 1,
  columns: 4,
});

/** A decode step at this many keys. */
function stepOf(keys: number) {
  return {
    step: 0,
    table: TABLE,
    queryLengths: Int32Array.of(1),
    cachedLengths: Int32Array.of(keys - 1),
    tokens: 1,
    sampledRows: 1,
  };
}

/** A bound that has learned steps of so many keys and milliseconds. */
function learned(times: readonly (readonly [number, number])[]) {
  const pending = createPendingSteps();
  for (const [keys] of times) pending.add(stepOf(keys), 1);
  pending.take(times.map(([, ms]) => ms));
  return (keys: number): number => {
    const before = pending.mostMs();
    pending.add(stepOf(keys), 1);
    return pending.mostMs() - before;
  };
}

Deno.test("createPendingSteps() knows nothing before the first time", () => {
  const pending = createPendingSteps();
  assert.equal(pending.mostMs(), 0);
  pending.add(stepOf(100), 1);
  assert.equal(pending.mostMs(), Infinity);
  assert.deepEqual(pending.take([5]), { attentionMs: [5], restMs: Float64Array.of(1) });
  assert.equal(pending.mostMs(), 0);
});

Deno.test("createPendingSteps() takes attention to be twice the longest of its size, and the rest as it is", () => {
  const mostMs = learned([[1000, 5], [1000, 7], [1000, 6]]);
  assert.equal(mostMs(1000), 15);
  assert.equal(mostMs(1010), 15);
});

Deno.test("createPendingSteps() bounds a new size by a larger one, or by what a smaller one took for its size", () => {
  const between = learned([[1000, 5], [8000, 12]]);
  assert.equal(between(4000), 25);
  const beyond = learned([[1000, 5], [8000, 12]])(32_000);
  // Four times the keys, in at least four times the time.
  assert.ok(beyond >= 1 + 2 * 4 * 12 && beyond < 1 + 2 * 5 * 12, `${beyond}`);
});

Deno.test("createPendingSteps() is not misled by a small step that was slow", () => {
  // A first step of few keys took long: no larger one is taken to be faster.
  assert.equal(learned([[10, 20], [1000, 5]])(1000), 41);
});

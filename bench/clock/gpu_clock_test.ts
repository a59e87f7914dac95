import assert from "node:assert/strict";
import { createBlockTable, headMapFromLayers } from "../../allocator/mod.ts";
import type { GroupRows, StepRunner } from "../../kernel/mod.ts";
import { createGpuClock } from "./gpu_clock.ts";
import { restMs, restOfLayer } from "./rest_of_layer.ts";
import { tinyWorkload } from "../run/test_support.ts";

const HEADS = headMapFromLayers({
  kindsByLayer: [["window"], ["full"], ["window"], ["full"], ["full"], ["window"]],
  windowTokens: 16,
  sinkTokens: 0,
});
const WORKLOAD = tinyWorkload();
const REST = restOfLayer(WORKLOAD, { ...WORKLOAD.ceilings!, source: "fixture" });

/** A runner that takes 1 ms for group 0 and 10 ms for group 1. */
function fakeRunner(
  o: { times?: number; ok?: boolean } = {},
): StepRunner & { groups: number[]; destroyed: () => number; verified: GroupRows[] } {
  const groups: number[] = [];
  const verified: GroupRows[] = [];
  let destroyed = 0;
  return {
    layersMeasured: 2,
    maxPendingBatches: 9,
    groups,
    verified,
    destroyed: () => destroyed,
    enqueue: ({ group }) => groups.push(group),
    flush() {
      const times = Float64Array.from(groups.splice(0), (group) => (group === 0 ? 1 : 10));
      return Promise.resolve(times.subarray(0, o.times ?? times.length));
    },
    verify(batch) {
      verified.push(batch);
      return Promise.resolve({ ok: o.ok ?? true, worstBudgetUsed: 0.5, message: "wrong row" });
    },
    destroy: () => destroyed++,
  };
}

const BATCH = {
  step: 1,
  table: createBlockTable({
    layout: "headwise",
    layerGroups: 2,
    slots: 1,
    kvHeads: 1,
    columns: 4,
  }),
  queryLengths: Int32Array.of(3),
  cachedLengths: Int32Array.of(4),
  tokens: 3,
  sampledRows: 1,
};

Deno.test("createGpuClock() counts one timed layer for all layers of its class", async () => {
  const runner = fakeRunner();
  const clock = createGpuClock({ runner, heads: HEADS, rest: REST });
  clock.enqueue(BATCH);
  clock.enqueue(BATCH);
  assert.deepEqual(runner.groups, [0, 1, 0, 1]);
  const times = await clock.flush();
  assert.deepEqual([...times.attentionMs], [33, 33]);
  assert.deepEqual([...times.restMs], [restMs(REST, BATCH), restMs(REST, BATCH)]);
  assert.equal(clock.layersMeasured, 2);
  assert.equal(clock.maxPendingSteps, 4);
  assert.equal(clock.deterministic, false);
});

Deno.test("createGpuClock() does not flush the runner when nothing is pending", async () => {
  const runner = fakeRunner();
  runner.flush = () => Promise.reject(new Error("flushed"));
  const clock = createGpuClock({ runner, heads: HEADS, rest: REST });
  assert.equal((await clock.flush()).attentionMs.length, 0);
});

Deno.test("createGpuClock() refuses when the runner loses a time", async () => {
  const clock = createGpuClock({ runner: fakeRunner({ times: 1 }), heads: HEADS, rest: REST });
  clock.enqueue(BATCH);
  await assert.rejects(async () => await clock.flush(), /returned 1 times instead of 2/);
});

Deno.test("createGpuClock() checks a seeded class of layers and owns the runner", async () => {
  const runner = fakeRunner({ ok: false });
  const clock = createGpuClock({ runner, heads: HEADS, rest: REST });
  const check = await clock.check(BATCH, { seed: 1 });
  assert.deepEqual(check, { ok: false, worstBudgetUsed: 0.5, message: "step 1: wrong row" });
  assert.equal(runner.verified[0].group, 1);
  clock.close();
  assert.equal(runner.destroyed(), 1);
});

Deno.test("createGpuClock() lets the groups of a class alternate", async () => {
  const heads = headMapFromLayers({
    kindsByLayer: [["window", "full"], ["full", "window"], ["full", "full"]],
    windowTokens: 16,
    sinkTokens: 0,
  });
  const runner = fakeRunner();
  const clock = createGpuClock({ runner, heads, rest: REST });
  for (const step of [0, 1, 2]) clock.enqueue({ ...BATCH, step });
  assert.deepEqual(runner.groups, [0, 2, 1, 2, 0, 2]);
  assert.deepEqual([...(await clock.flush()).attentionMs], [12, 30, 12]);
});

Deno.test("createGpuClock() adds up both walks of two passes", async () => {
  const attentionOf = async (passes: 1 | 2): Promise<number> => {
    const clock = createGpuClock({ runner: fakeRunner(), heads: HEADS, rest: REST, passes });
    clock.enqueue(BATCH);
    return (await clock.flush()).attentionMs[0];
  };
  assert.equal(await attentionOf(2), 2 * await attentionOf(1));
});

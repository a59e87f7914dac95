import assert from "node:assert/strict";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { soakAllocator } from "./allocator_soak.ts";
import { soakConnections } from "./connection_soak.ts";
import { createFlatHeap } from "./flat_heap.ts";
import { soakEngine, soakReplay } from "./replay_soak.ts";

for (const layout of ["uniform", "headwise", "pooled"] as const) {
  Deno.test(`soakAllocator() keeps the laws of a table that is ${layout}, in every kind of command`, () => {
    let looks = 0;
    const options = { layout, seed: 3, operations: 20_000, operationsPerLook: 500 };
    const counts = soakAllocator({ ...options, onLook: () => looks++ });
    assert.equal(counts.operations, 20_000);
    assert.equal(looks, 40);
    assert.ok(counts.grown > 3000 && counts.refused > 100, JSON.stringify(counts));
    // A uniform table has no page that all heads have left.
    if (layout === "uniform") assert.equal(counts.recycled, 0);
    else assert.ok(counts.recycled > 100, `${counts.recycled}`);
  });
}

Deno.test("soakReplay() and soakEngine() run as many steps as they are told", async () => {
  const workload = requireLoaded(await loadWorkload("smoke"));
  let looks = 0;
  const onLook = (): void => void looks++;
  const replay = await soakReplay(workload, { steps: 500, onLook });
  assert.ok(replay.steps >= 500 && replay.replays === looks);
  const engine = await soakEngine(workload, { steps: 500, stepsPerLook: 100, onLook });
  assert.ok(engine.steps >= 500 && engine.requests > 32);
  assert.ok(looks >= replay.replays + 4);
});

Deno.test("soakConnections() opens as many connections as it is told, and ends with none", async () => {
  const workload = requireLoaded(await loadWorkload("smoke"));
  let looks = 0;
  const options = { connections: 20, storms: 2, onLook: () => looks++ };
  assert.equal(await soakConnections(workload, options), 40);
  assert.equal(looks, 2);
});

Deno.test("createFlatHeap() says how garbage is collected on demand where it cannot be", () => {
  assert.throws(createFlatHeap, /--expose-gc/);
});

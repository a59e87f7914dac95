import assert from "node:assert/strict";
import { testWithGpu } from "./testing.ts";
import { timeEmptyChain } from "./time_empty_chain.ts";

testWithGpu("timeEmptyChain() gives one time for each pass", async (gpu) => {
  const made = gpu.objects.made;
  const samples = await timeEmptyChain(gpu, { dispatches: 3, runs: 4 });
  assert.equal(samples.length, 4);
  assert.ok(samples.every((ms) => ms >= 0 && ms < 1000), `${samples}`);
  assert.ok(gpu.objects.made > made);
  assert.deepEqual(gpu.faults, []);
});

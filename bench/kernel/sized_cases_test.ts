import assert from "node:assert/strict";
import { caseSchema, shapeSchema } from "./case_schema.ts";
import { idealTime } from "./figures.ts";
import { sizedKernelCases } from "./sized_cases.ts";
import { buildKernelStep, kernelLayerBytes } from "./step.ts";

const schema = caseSchema.extend({ shape: shapeSchema });

Deno.test("sizedKernelCases() makes steps of milliseconds on any GPU, and small ones on a CPU", () => {
  const gpus = [[4e10, 5e11], [4e11, 1e13], [2e12, 4e13]] as const;
  for (const [memoryBytesPerSecond, flopsPerSecond] of gpus) {
    const ceilings = { memoryBytesPerSecond, flopsPerSecond };
    const [decode, window, prefill] = sizedKernelCases(ceilings, { maxCacheBytes: 2 ** 40 });
    for (const each of [decode, window, prefill]) assert.deepEqual(schema.parse(each), each);
    const times = [decode, window, prefill].map((each) => {
      const { work } = buildKernelStep(each, { seed: 1, layers: 1 });
      return idealTime(work, ceilings).idealMs;
    });
    assert.ok(Math.abs(times[0] - 2) < 0.3, `decode takes ${times[0]} ms`);
    assert.ok(times[1] < times[0] * 0.7 && times[1] > 1, `with windows ${times[1]} ms`);
    assert.ok(times[2] > 3 && times[2] < 6, `prefill takes ${times[2]} ms`);
  }
  const slow = { memoryBytesPerSecond: 1e9, flopsPerSecond: 1e10 };
  const [decode, , prefill] = sizedKernelCases(slow, { maxCacheBytes: 2 ** 28 });
  assert.equal(decode.requests[0].contextTokens, 256);
  assert.equal(prefill.requests[0].contextTokens, 128);
});

Deno.test("sizedKernelCases() keeps a layer's cache within the bytes allowed", () => {
  const ceilings = { memoryBytesPerSecond: 4e12, flopsPerSecond: 6e13 };
  const [decode] = sizedKernelCases(ceilings, { maxCacheBytes: 2 ** 28 });
  assert.equal(kernelLayerBytes(decode), 2 ** 28);
});

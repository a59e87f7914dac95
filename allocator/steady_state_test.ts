import assert from "node:assert/strict";
import { buildAllocator, slot } from "./builders_test.ts";
import { admit, beginStep, completeStep, extend, needsPages, recycle, release } from "./mod.ts";

// The heap only shrinks at a collection, so the sum of its rises counts what was allocated, up to
// one sample's worth at each collection. Compilation adds to some rounds; garbage is in all.
function allocatedBytesPerStep(act: (steps: number) => void): number {
  const samples = 20;
  const steps = 2000;
  let least = Infinity;
  for (let round = 0; round < 4; round++) {
    let bytes = 0;
    let before = Deno.memoryUsage().heapUsed;
    for (let i = 0; i < samples; i++) {
      act(steps);
      const after = Deno.memoryUsage().heapUsed;
      bytes += Math.max(0, after - before);
      before = after;
    }
    least = Math.min(least, bytes / (samples * steps));
  }
  return least;
}

function createDecodeLoop(): (steps: number) => void {
  const a = buildAllocator({
    debug: false,
    kinds: [["window", "full"], ["full", "full"]],
    slots: 4,
    pagesPerHead: 80,
    modelLengthTokens: 320,
    draftTables: true,
  });
  const point = { nextPositionTokens: 0, lengthTokens: 0 };
  const lengths = new Int32Array(4);
  for (let index = 0; index < 4; index++) admit(a, slot(index), 0);
  return (steps) => {
    for (let i = 0; i < steps; i++) {
      const fence = beginStep(a);
      for (let index = 0; index < 4; index++) {
        const length = lengths[index];
        if (needsPages(a, slot(index), length + 1)) {
          point.nextPositionTokens = length;
          point.lengthTokens = length;
          recycle(a, slot(index), point);
        }
        if (extend(a, slot(index), length + 1).kind !== "allocated") {
          release(a, slot(index));
          admit(a, slot(index), 0);
          lengths[index] = 0;
        } else lengths[index] = length + 1;
      }
      completeStep(a, fence);
    }
  };
}

Deno.test("extend(), recycle(), release() and steps make no garbage in the steady state", () => {
  const perStep = allocatedBytesPerStep(createDecodeLoop());
  // Four requests per step; one small object per request would be over 60 bytes. The margin is for the
  // refusals at the end of each request and for the engine's own use.
  assert.ok(perStep < 16, `${perStep} bytes per step`);
});

Deno.test("the garbage measure sees one small array a step", () => {
  const kept: unknown[] = [null];
  const perStep = allocatedBytesPerStep((steps) => {
    for (let i = 0; i < steps; i++) kept[0] = [i, i + 1];
  });
  assert.ok(perStep > 16, `${perStep} bytes per step`);
});

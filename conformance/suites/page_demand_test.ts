import assert from "node:assert/strict";
import { cacheSpec } from "./cache_spec.ts";
import { demandOf, leastDemandOf } from "./page_demand.ts";

Deno.test("demandOf() counts the span of window and step wherever it lies, sinks and pages ahead", () => {
  const spec = cacheSpec({ windowTokens: 40, sinkTokens: 20, preallocatedPages: 3 });
  // ceil((40 + 16 − 2)/16) + 1 = 5, two pages of sinks, three ahead.
  assert.deepEqual(demandOf(spec, { lengthTokens: 300, stepTokens: 16 }), { full: 22, window: 10 });
  assert.deepEqual(
    demandOf({ ...spec, recycle: false }, { lengthTokens: 300, stepTokens: 16 }),
    { full: 22, window: 22 },
  );
});

Deno.test("leastDemandOf() is what the steps hold at once", () => {
  // Before the step at 32 the keys from 17 on are seen: page 0 is dead, pages 1 and 2 are held.
  const spec = cacheSpec({ windowTokens: 16 });
  assert.deepEqual(leastDemandOf(spec, { lengthTokens: 300, stepTokens: 16 }), {
    full: 19,
    window: 2,
  });
  for (const stepTokens of [1, 16, 48]) {
    const o = { lengthTokens: 300, stepTokens };
    assert.ok(leastDemandOf(spec, o).window <= demandOf(spec, o).window);
  }
});

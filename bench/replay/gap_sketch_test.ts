import assert from "node:assert/strict";
import fc from "fast-check";
import { summarizeWeighted } from "../statistics/mod.ts";
import {
  addGap,
  createGapSketch,
  mergeSketch,
  SKETCH_RELATIVE_ERROR,
  summarizeSketch,
} from "./gap_sketch.ts";

Deno.test("summarizeSketch() is within its error of the exact summary whatever the gaps", () => {
  const gap = fc.oneof(
    fc.double({ min: 1e-8, max: 1e9, noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: 5, max: 5.001, noNaN: true }),
  );
  const pairs = fc.array(fc.tuple(gap, fc.nat(5)), { minLength: 1, maxLength: 400 });
  fc.assert(fc.property(pairs, fc.nat(), (list, cut) => {
    const weighted = (part: typeof list) => ({
      gapsMs: Float64Array.from(part, ([value]) => value),
      tokens: Float64Array.from(part, ([, tokens]) => tokens),
    });
    const sketch = createGapSketch();
    const at = cut % list.length;
    for (const [gapMs, tokens] of list.slice(0, at)) addGap(sketch, gapMs, tokens);
    const rest = createGapSketch();
    for (const [gapMs, tokens] of list.slice(at)) addGap(rest, gapMs, tokens);
    mergeSketch(sketch, rest);
    const { gapsMs, tokens } = weighted(list);
    const [found, exact] = [summarizeSketch(sketch), summarizeWeighted(gapsMs, tokens)];
    if (found === null || exact === null) return assert.equal(found, exact);
    assert.deepEqual([found.count, found.min, found.max], [exact.count, exact.min, exact.max]);
    assert.ok(Math.abs(found.mean - exact.mean) <= 1e-12 * exact.mean);
    for (const key of ["p50", "p90", "p95", "p99"] as const) {
      const error = Math.abs(found[key] - exact[key]);
      assert.ok(error <= exact[key] * SKETCH_RELATIVE_ERROR * (1 + 1e-9), `${key}: ${error}`);
    }
  }));
});

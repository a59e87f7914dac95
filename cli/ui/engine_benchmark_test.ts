import assert from "node:assert/strict";
import { pictureOf } from "./engine_benchmark.ts";

type Result = Parameters<typeof pictureOf>[0];

/** A result of which these cases could be timed. */
function resultOf(timed: readonly boolean[]): Result {
  const figures = { intensity: 2, flopsPerSecond: 1e12, ceilingShare: 0.5, bound: "memory" };
  return {
    createdAt: "2026-01-02T00:00:00Z",
    adapter: { description: "a card" },
    ceilings: { memoryBytesPerSecond: 1e12, flopsPerSecond: 1e13 },
    cases: timed.map((isTimed, index) => ({
      case: { name: `case ${index}` },
      work: { flops: 2, bytes: 1 },
      outcome: isTimed ? { kind: "timed", figures } : { kind: "failed", reason: "no memory" },
    })),
  } as unknown as Result;
}

Deno.test("pictureOf() draws what could be timed, and nothing where nothing could", () => {
  assert.equal(pictureOf(resultOf([false, false])), null);
  assert.equal(pictureOf(resultOf([])), null);
  for (const timed of [[true, true], [true, false], [false, true]]) {
    assert.match(pictureOf(resultOf(timed)) ?? "", /^<svg /);
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { keyIsVisible } from "./visibility.ts";

interface Case {
  readonly cached: number;
  readonly queries: number;
  readonly window: number;
  readonly sinkTokens: number;
  readonly maskRanges?: Int32Array;
  readonly treeMask?: { bits: Uint8Array; maxQueryTokens: number };
}

function visibleKeys(o: Case, queryIndex: number): number[] {
  const problem = {
    queryStarts: new Int32Array([0, o.queries]),
    cachedLengths: new Int32Array([o.cached]),
    headWindows: new Int32Array([o.window]),
    sinkTokens: o.sinkTokens,
    ...(o.maskRanges === undefined ? {} : { maskRanges: o.maskRanges }),
    ...(o.treeMask === undefined ? {} : { treeMask: o.treeMask }),
  };
  const keys: number[] = [];
  for (let keyTokens = -2; keyTokens < o.cached + o.queries + 2; keyTokens++) {
    if (keyIsVisible(problem, { slot: 0, queryIndex, head: 0, keyTokens })) keys.push(keyTokens);
  }
  return keys;
}

Deno.test("keyIsVisible() shows W keys with the query itself, and the sinks, when a head has a window", () => {
  const step = { cached: 6, queries: 3, sinkTokens: 0 };
  assert.deepEqual(visibleKeys({ ...step, window: 0 }, 1), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(visibleKeys({ ...step, window: 3 }, 1), [5, 6, 7]);
  assert.deepEqual(visibleKeys({ ...step, window: 1, sinkTokens: 2 }, 2), [0, 1, 8]);
  assert.deepEqual(visibleKeys({ ...step, window: 100, sinkTokens: 2 }, 0), [0, 1, 2, 3, 4, 5, 6]);
});

Deno.test("keyIsVisible() shows a range instead of the causal keys when one is given", () => {
  const step = { cached: 6, queries: 1, sinkTokens: 1, maskRanges: new Int32Array([1, 6]) };
  assert.deepEqual(visibleKeys({ ...step, window: 0 }, 0), [1, 2, 3, 4, 5]);
  assert.deepEqual(visibleKeys({ ...step, window: 2 }, 0), [1, 4, 5]);
  assert.deepEqual(
    visibleKeys({ ...step, window: 2, maskRanges: new Int32Array([4, 4]) }, 0),
    [],
  );
});

Deno.test("keyIsVisible() shows a range past the query when the range ends after it", () => {
  const maskRanges = new Int32Array([0, 3, 0, 3, 0, 3]);
  const step = { cached: 0, queries: 3, window: 0, sinkTokens: 0, maskRanges };
  assert.deepEqual(visibleKeys(step, 0), [0, 1, 2]);
});

Deno.test("keyIsVisible() hides only the step's own keys when a tree mask is given", () => {
  // Two branches behind one root: tokens 1 and 2 do not see each other.
  const bits = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1, 0]);
  const step = { cached: 2, queries: 3, window: 0, sinkTokens: 0 };
  assert.deepEqual(visibleKeys({ ...step, treeMask: { bits, maxQueryTokens: 3 } }, 2), [
    0,
    1,
    2,
    4,
  ]);
});

Deno.test("keyIsVisible() gives a window when the range ends just after the query", () => {
  fc.assert(fc.property(
    fc.record({
      cached: fc.nat(40),
      window: fc.nat(30),
      sinkTokens: fc.nat(10),
      queries: fc.constant(1),
    }),
    (step) => {
      const maskRanges = new Int32Array([0, step.cached + 1]);
      assert.deepEqual(visibleKeys({ ...step, maskRanges }, 0), visibleKeys(step, 0));
    },
  ));
});

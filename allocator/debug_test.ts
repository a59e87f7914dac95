import assert from "node:assert/strict";
import { buildAllocator, slot } from "./builders_test.ts";
import { AllocatorError, type CacheAllocator } from "./mod.ts";
import {
  admit,
  beginStep,
  completeStep,
  condenseSlots,
  extend,
  recycle,
  release,
  reorderSlots,
  swapSlots,
} from "./mod.ts";

const OPERATIONS: Record<string, (a: CacheAllocator) => unknown> = {
  admit: (a) => admit(a, slot(1), 16),
  extend: (a) => extend(a, slot(0), 96),
  recycle: (a) => recycle(a, slot(0), { nextPositionTokens: 80, lengthTokens: 80 }),
  release: (a) => release(a, slot(0)),
  completeStep: (a) => completeStep(a, beginStep(a)),
  swapSlots: (a) => swapSlots(a, slot(0), slot(1)),
  condenseSlots: (a) => condenseSlots(a),
  reorderSlots: (a) => reorderSlots(a, Int32Array.of(1, 0)),
};

for (const [operation, act] of Object.entries(OPERATIONS)) {
  Deno.test(`${operation}() validates everything only when debug is on`, () => {
    for (const debug of [true, false]) {
      const a = buildAllocator({ debug });
      admit(a, slot(0), 80);
      // Broken book-keeping that no operation itself looks at.
      a.state.pools.owners[7] = 99;
      if (!debug) {
        act(a);
        continue;
      }
      assert.throws(() => act(a), (error) => {
        assert.ok(error instanceof AllocatorError);
        assert.equal(error.code, "debug/violation");
        assert.equal(error.data.operation, operation);
        assert.match(error.message, /"pool\/conservation"/);
        return true;
      });
    }
  });
}

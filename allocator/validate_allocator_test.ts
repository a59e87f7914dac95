import assert from "node:assert/strict";
import { addOrdinal, takeLeast } from "./bitmap.ts";
import { buildAllocator, slot } from "./builders_test.ts";
import {
  admit,
  AllocatorError,
  beginStep,
  type CacheAllocator,
  completeStep,
  condenseSlots,
  extend,
  recycle,
  release,
  reorderSlots,
  swapSlots,
  validateAllocator,
} from "./mod.ts";

function build(): CacheAllocator {
  const a = buildAllocator({ debug: false, draftTables: true });
  admit(a, slot(0), 40);
  return a;
}

function clausesAfter(change: (a: CacheAllocator) => void): string[] {
  const a = build();
  assert.deepEqual(validateAllocator(a), []);
  change(a);
  return [...new Set(validateAllocator(a).map((violation) => violation.clause))];
}

Deno.test("validateAllocator() finds a page that its row does not own", () => {
  assert.deepEqual(clausesAfter((a) => a.state.pools.owners[0] = 5), ["pool/conservation"]);
});

Deno.test("validateAllocator() finds a page that is free and held", () => {
  const page = (a: CacheAllocator): number => a.table.ids.find((id) => id >= 0) ?? -1;
  assert.deepEqual(
    clausesAfter((a) => addOrdinal(a.state.pools.free, 0, page(a))),
    ["pool/conservation"],
  );
});

Deno.test("validateAllocator() finds a free page that its pool cannot hand out", () => {
  assert.deepEqual(clausesAfter((a) => takeLeast(a.state.pools.free, 0)), ["pool/conservation"]);
});

Deno.test("validateAllocator() finds a free set that skips a free page", () => {
  assert.deepEqual(
    clausesAfter((a) => a.state.pools.free.firstWords[0] = 1),
    ["pool/conservation"],
  );
});

Deno.test("validateAllocator() finds a lost page and a wrong count", () => {
  assert.deepEqual(clausesAfter((a) => a.state.pools.freeCounts[0]--), ["pool/conservation"]);
  assert.deepEqual(clausesAfter((a) => a.state.counts.fullHeadPages++), ["pool/conservation"]);
  assert.deepEqual(clausesAfter((a) => a.state.fence.waiting++), ["pool/conservation"]);
});

Deno.test("validateAllocator() finds a draft table that was not moved", () => {
  const swapTargetOnly = (a: CacheAllocator): void => {
    const draft = a.draftTable?.ids.slice() ?? new Int32Array();
    swapSlots(a, slot(0), slot(1));
    a.draftTable?.ids.set(draft);
  };
  assert.deepEqual(clausesAfter(swapTargetOnly), ["slot/swap-rows"]);
});

Deno.test("validateAllocator() finds rows that a swap left behind", () => {
  const swapLengthsOnly = (a: CacheAllocator): void => {
    for (const held of [a.state.lengthsTokens, a.state.columnsHeld, a.state.active]) held.reverse();
  };
  assert.ok(clausesAfter(swapLengthsOnly).includes("sentinel/tail"));
});

Deno.test("validateAllocator() finds state left in an empty slot", () => {
  const leave = (a: CacheAllocator): void => {
    release(a, slot(0));
    a.state.lengthsTokens[0] = 40;
  };
  assert.ok(clausesAfter(leave).includes("abort/exact"));
});

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

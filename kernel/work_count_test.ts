import assert from "node:assert/strict";
import fc from "fast-check";
import { keyIsVisible } from "./visibility.ts";
import { countWork, createWorkCount, type WorkOptions } from "./work_count.ts";

const steps: fc.Arbitrary<WorkOptions> = fc.record({
  slots: fc.array(
    fc.record({ cached: fc.nat(100), queries: fc.oneof(fc.constantFrom(0, 1), fc.nat(40)) }),
    { minLength: 1, maxLength: 4 },
  ),
  headWindows: fc.array(fc.constantFrom(0, 1, 8, 40), { minLength: 1, maxLength: 4 }),
  group: fc.integer({ min: 1, max: 5 }),
  headSize: fc.constantFrom(64, 128),
  pageSizeTokens: fc.constantFrom(16, 32),
  layout: fc.constantFrom("uniform" as const, "headwise" as const, "pooled" as const),
  sinkTokens: fc.constantFrom(0, 3, 20),
  walk: fc.constantFrom("row" as const, "visible" as const),
}).map((o) => ({
  queryHeads: o.group * o.headWindows.length,
  kvHeads: o.headWindows.length,
  headSize: o.headSize,
  pageSizeTokens: o.pageSizeTokens,
  layout: o.layout,
  headWindows: new Int32Array(o.headWindows),
  sinkTokens: o.sinkTokens,
  queryLengths: Int32Array.from(o.slots, (slot) => slot.queries),
  cachedLengths: Int32Array.from(o.slots, (slot) => slot.cached),
  slots: o.slots.length,
  walk: o.walk,
}));

/** Counts by asking for every key of every query. */
function countByDefinition(o: WorkOptions): ReturnType<typeof createWorkCount> {
  const count = createWorkCount();
  const queryStarts = new Int32Array(o.slots + 1);
  for (let slot = 0; slot < o.slots; slot++) {
    queryStarts[slot + 1] = queryStarts[slot] + o.queryLengths[slot];
  }
  const problem = { ...o, queryStarts };
  const entries = new Set<string>();
  let walked = 0;
  for (let slot = 0; slot < o.slots; slot++) {
    const queries = o.queryLengths[slot];
    for (let head = 0; head < o.kvHeads; head++) {
      for (let key = 0; key < o.cachedLengths[slot] + queries; key++) {
        let read = o.walk === "row" && queries > 0;
        for (let queryIndex = 0; queryIndex < queries; queryIndex++) {
          const seen = keyIsVisible(problem, { slot, queryIndex, head, keyTokens: key });
          const causal = key <= o.cachedLengths[slot] + queryIndex;
          count.visibleKeys += seen ? 1 : 0;
          walked += (o.walk === "row" ? causal : seen) ? 1 : 0;
          read ||= seen;
        }
        if (!read) continue;
        count.keysRead++;
        const row = o.layout === "uniform" ? "" : head;
        entries.add(`${slot}/${row}/${Math.floor(key / o.pageSizeTokens)}`);
      }
    }
  }
  count.tableBytes = 4 * entries.size;
  count.keyValueBytes = count.keysRead * 2 * 2 * o.headSize;
  count.queryOutputBytes = queryStarts[o.slots] * o.queryHeads * 2 * 2 * o.headSize;
  count.flops = walked * (o.queryHeads / o.kvHeads) * 4 * o.headSize;
  return count;
}

Deno.test("countWork() counts what the definition of the masks gives when steps vary", () => {
  fc.assert(
    fc.property(steps, (o) => assert.deepEqual(countWork(o), countByDefinition(o))),
    { numRuns: 150 },
  );
});

Deno.test("countWork() overwrites and returns the count when one is given", () => {
  fc.assert(
    fc.property(steps, steps, (first, second) => {
      const into = createWorkCount();
      countWork(first, into);
      assert.equal(countWork(second, into), into);
      assert.deepEqual(into, countWork(second));
    }),
    { numRuns: 20 },
  );
});

Deno.test("countWork() reads less for three window heads of four when the context is long", () => {
  const step = {
    queryHeads: 20,
    kvHeads: 4,
    headSize: 128,
    pageSizeTokens: 64,
    layout: "headwise",
    headWindows: new Int32Array([0, 4096, 4096, 4096]),
    sinkTokens: 0,
    queryLengths: new Int32Array(512).fill(1),
    cachedLengths: new Int32Array(512).fill(32_767),
    slots: 512,
  } as const;
  const row = countWork({ ...step, walk: "row" });
  const visible = countWork({ ...step, walk: "visible" });
  assert.equal(row.keyValueBytes, 512 * 4 * 32_768 * 512);
  assert.equal(visible.keyValueBytes, 512 * (32_768 + 3 * 4096) * 512);
  assert.equal(row.visibleKeys, visible.visibleKeys);
});

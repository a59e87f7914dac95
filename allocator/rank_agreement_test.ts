import assert from "node:assert/strict";
import fc from "fast-check";
import { rowsOf, slot, snapshot } from "./builders_test.ts";
import {
  admit,
  admitOnEveryRank,
  AllocatorError,
  type CacheAllocator,
  canAdmit,
  createAllocator,
  extendOnEveryRank,
  headMapFromPattern,
  type Layout,
  recycle,
  release,
  shardHeadMap,
} from "./mod.ts";

function buildRanks(tensorParallel: number, layout: Layout, ratio = 0.5): CacheAllocator[] {
  const map = headMapFromPattern({
    layers: 2,
    kvHeads: 8,
    pattern: "first",
    ratio,
    windowTokens: 17,
    sinkTokens: 0,
  });
  return Array.from({ length: tensorParallel }, (_, rank) =>
    createAllocator({
      layout,
      heads: shardHeadMap(map, { tensorParallel, rank }),
      slots: 3,
      pagesPerHead: 8,
      pageSizeTokens: 16,
      modelLengthTokens: 96,
      recycle: true,
      pageOrder: { kind: "shuffled", seed: rank },
      debug: true,
    }));
}

Deno.test("ranks make the same decisions when they get the same requests", () => {
  fc.assert(fc.property(
    fc.constantFrom(2, 4, 8),
    fc.constantFrom("headwise" as const, "pooled" as const, "uniform" as const),
    fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 100 })), {
      maxLength: 20,
    }),
    (tensorParallel, layout, requests) => {
      const ranks = buildRanks(tensorParallel, layout);
      for (const [index, lengthTokens] of requests) {
        const active = ranks[0].state.active[index] === 1;
        const grow = active ? extendOnEveryRank : admitOnEveryRank;
        const before = ranks.map((rank) => snapshot(rank));
        const outcome = grow(ranks, { slot: slot(index), lengthTokens });
        if (outcome.kind !== "allocated") {
          assert.deepEqual(ranks.map((rank) => snapshot(rank)), before);
          if (active) { for (const rank of ranks) release(rank, slot(index)); }
        } else if (lengthTokens % 16 === 0) {
          const point = { nextPositionTokens: lengthTokens, lengthTokens };
          for (const rank of ranks) recycle(rank, slot(index), point);
        }
        // Ids may differ; lengths, columns and the recycled ranges may not.
        for (const name of ["lengthsTokens", "columnsHeld", "active"] as const) {
          for (const rank of ranks) assert.deepEqual(rank.state[name], ranks[0].state[name]);
        }
      }
    },
  ));
});

Deno.test("ranks recycle the same columns of their window heads", () => {
  const ranks = buildRanks(4, "headwise");
  admitOnEveryRank(ranks, { slot: slot(0), lengthTokens: 64 });
  const point = { nextPositionTokens: 64, lengthTokens: 64 };
  const freed = ranks.map((rank) => recycle(rank, slot(0), point));
  assert.deepEqual(freed, [6, 6, 0, 0]);
  const holes = ranks.map((rank) => rowsOf(rank, 0)[0].map((id) => id < 0));
  assert.deepEqual(holes[0], holes[1]);
  assert.deepEqual(holes[0], [true, true, true, false, true, true]);
});

Deno.test("admitOnEveryRank() follows the scarcest rank", () => {
  const ranks = buildRanks(2, "headwise");
  admit(ranks[1], slot(2), 96);
  assert.deepEqual(ranks.map((rank) => canAdmit(rank, { lengthTokens: 48 })), [true, false]);
  assert.equal(admitOnEveryRank(ranks, { slot: slot(0), lengthTokens: 48 }).kind, "shortage");
});

Deno.test("growth on every rank refuses slots that ranks disagree on", () => {
  const ranks = buildRanks(2, "headwise");
  admit(ranks[1], slot(0), 16);
  for (const grow of [admitOnEveryRank, extendOnEveryRank]) {
    assert.throws(
      () => grow(ranks, { slot: slot(0), lengthTokens: 32 }),
      (error) => error instanceof AllocatorError && error.code === "rank/mismatch",
    );
  }
  assert.throws(() => admitOnEveryRank([], { slot: slot(0), lengthTokens: 1 }), AllocatorError);
});

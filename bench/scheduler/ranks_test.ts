import assert from "node:assert/strict";
import {
  allocatedColumns,
  type AllocatorOptions,
  extend,
  headMapFromPattern,
  pageStatistics,
  release,
  type Slot,
} from "../../allocator/mod.ts";
import { BenchError } from "../result/bench_error.ts";
import {
  admitOnRanks,
  canAdmitOnRanks,
  checkRanksAgree,
  createRanks,
  extendOnRanks,
  findMeasuredRank,
  type Ranks,
  recycleOnRanks,
  releaseOnRanks,
} from "./ranks.ts";

const SLOT = 0 as Slot;

function options(o: Partial<AllocatorOptions> = {}): AllocatorOptions {
  return {
    layout: "headwise",
    heads: headMapFromPattern({
      layers: 1,
      kvHeads: 4,
      pattern: "first",
      ratio: 0.75,
      windowTokens: 17,
      sinkTokens: 0,
    }),
    slots: 2,
    pagesPerHead: 8,
    pageSizeTokens: 16,
    modelLengthTokens: 256,
    preallocatedPages: 0,
    recycle: true,
    pageOrder: { kind: "identity" },
    ...o,
  };
}

function freePagesOf(ranks: Ranks): number[] {
  return ranks.all.map((rank) => pageStatistics(rank).freePages);
}

Deno.test("findMeasuredRank() takes the rank with the most full heads", () => {
  const { heads } = options();
  assert.equal(findMeasuredRank(heads, 1), 0);
  assert.equal(findMeasuredRank(heads, 2), 1);
  assert.equal(findMeasuredRank(heads, 4), 3);
  // Two ranks share each head; 6 and 7 both hold the full one.
  assert.equal(findMeasuredRank(heads, 8), 6);
});

Deno.test("createRanks() drives all ranks alike and checks that they agree", () => {
  const ranks = createRanks(options(), 2);
  assert.equal(ranks.measured, ranks.all[1]);
  assert.equal(admitOnRanks(ranks, SLOT, 64).kind, "allocated");
  assert.equal(
    extendOnRanks(ranks, SLOT, 96).kind,
    "allocated",
  );
  recycleOnRanks(ranks, SLOT, 96);
  checkRanksAgree(ranks);
  // Rank 0 keeps two window heads, rank 1 one: five of six pages die on each.
  assert.deepEqual(freePagesOf(ranks), [2 * 2 + 2 * 5, 2 * 2 + 5]);
  releaseOnRanks(ranks, SLOT);
  assert.deepEqual(freePagesOf(ranks), [16, 16]);
});

Deno.test("canAdmitOnRanks() asks the scarcest rank", () => {
  const ranks = createRanks(options(), 2);
  assert.equal(canAdmitOnRanks(ranks, { lengthTokens: 128 }), true);
  // Rank 0 could hold it in its window heads.
  assert.equal(canAdmitOnRanks(ranks, { lengthTokens: 144 }), false);
});

Deno.test("checkRanksAgree() stops when the ranks hold different columns", () => {
  const ranks = createRanks(options(), 2);
  admitOnRanks(ranks, SLOT, 32);
  extend(ranks.all[0], SLOT, 48);
  assert.equal(allocatedColumns(ranks.all[0], SLOT), 3);
  assert.throws(
    () => checkRanksAgree(ranks),
    (error) => error instanceof BenchError && error.code === "bench/ranks-disagree",
  );
});

Deno.test("recycleOnRanks() stops when the ranks free different columns", () => {
  const ranks = createRanks(options(), 2);
  admitOnRanks(ranks, SLOT, 96);
  recycleOnRanks(ranks, SLOT, 48);
  // Rank 0 is tampered with: its request starts over, so that it frees from column 0 again.
  release(ranks.all[0], SLOT);
  admitOnRanks({ ...ranks, all: [ranks.all[0]], measured: ranks.all[0] }, SLOT, 96);
  assert.throws(() => recycleOnRanks(ranks, SLOT, 96), { code: "bench/ranks-disagree" });
});

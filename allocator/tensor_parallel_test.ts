import assert from "node:assert/strict";
import fc from "fast-check";
import { headMapFromPattern } from "./head_map.ts";
import { shardHeadMap, shardHeads, TensorParallelError } from "./tensor_parallel.ts";

Deno.test("shardHeads() splits or replicates by the divisibility table", () => {
  const table = [
    // kv, q, tp, rank, kvHeads, queryHeads, firstKvHead, replicated
    [4, 20, 1, 0, 4, 20, 0, false],
    [4, 20, 2, 1, 2, 10, 2, false],
    [4, 20, 4, 3, 1, 5, 3, false],
    [8, 64, 4, 2, 2, 16, 4, false],
    [4, 32, 8, 0, 1, 4, 0, true],
    [4, 32, 8, 1, 1, 4, 0, true],
    [4, 32, 8, 2, 1, 4, 1, true],
    [4, 32, 8, 7, 1, 4, 3, true],
    [1, 8, 8, 7, 1, 1, 0, true],
  ] as const;
  for (const [kv, q, tensorParallel, rank, kvHeads, queryHeads, firstKvHead, replicated] of table) {
    assert.deepEqual(
      shardHeads({ kvHeadsGlobal: kv, queryHeadsGlobal: q, tensorParallel, rank }),
      { kvHeads, queryHeads, firstKvHead, replicated },
    );
  }
});

Deno.test("shardHeads() raises a coded error when the heads do not divide", () => {
  const table = [
    [4, 20, 3, 0, "tp/kv-heads-indivisible"],
    [8, 64, 6, 0, "tp/kv-heads-indivisible"],
    [3, 12, 4, 0, "tp/kv-heads-indivisible"],
    [4, 20, 8, 0, "tp/query-heads-indivisible"],
    [4, 22, 2, 0, "tp/group-indivisible"],
    [4, 20, 2, 2, "tp/rank"],
    [4, 20, 2, -1, "tp/rank"],
    [4, 20, 0, 0, "tp/not-positive"],
    [0, 20, 1, 0, "tp/not-positive"],
    [4, 0, 1, 0, "tp/not-positive"],
    [4, 20, 1.5, 0, "tp/not-positive"],
  ] as const;
  for (const [kvHeadsGlobal, queryHeadsGlobal, tensorParallel, rank, code] of table) {
    assert.throws(
      () => shardHeads({ kvHeadsGlobal, queryHeadsGlobal, tensorParallel, rank }),
      (error) => error instanceof TensorParallelError && error.code === code,
      `kv ${kvHeadsGlobal}, q ${queryHeadsGlobal}, tp ${tensorParallel}`,
    );
  }
});

Deno.test("shardHeads() gives each query head the KV head of its group on every rank", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 16 }),
    (kvHeadsGlobal, groupSize, tensorParallel) => {
      const queryHeadsGlobal = kvHeadsGlobal * groupSize;
      const covered: number[] = [];
      for (let rank = 0; rank < tensorParallel; rank++) {
        let shard;
        try {
          shard = shardHeads({ kvHeadsGlobal, queryHeadsGlobal, tensorParallel, rank });
        } catch (error) {
          assert.ok(error instanceof TensorParallelError);
          return;
        }
        for (let q = 0; q < shard.queryHeads; q++) {
          const local = Math.floor(q / (shard.queryHeads / shard.kvHeads));
          covered.push(shard.firstKvHead + local);
        }
      }
      assert.deepEqual(
        covered,
        Array.from({ length: queryHeadsGlobal }, (_, q) => Math.floor(q / groupSize)),
      );
    },
  ));
});

Deno.test("shardHeadMap() cuts the rank's heads out of every group", () => {
  const map = headMapFromPattern({
    layers: 2,
    kvHeads: 4,
    pattern: "first",
    ratio: 0.25,
    windowTokens: 64,
    sinkTokens: 4,
  });
  const kinds = (tensorParallel: number): unknown[] =>
    Array.from(
      { length: tensorParallel },
      (_, rank) => shardHeadMap(map, { tensorParallel, rank }).groups[0].kinds,
    );
  assert.deepEqual(kinds(2), [["window", "full"], ["full", "full"]]);
  assert.deepEqual(kinds(4), [["window"], ["full"], ["full"], ["full"]]);
  assert.deepEqual(kinds(8).slice(0, 3), [["window"], ["window"], ["full"]]);
  const shard = shardHeadMap(map, { tensorParallel: 2, rank: 0 });
  assert.deepEqual([shard.kvHeads, shard.windowTokens, shard.sinkTokens], [2, 64, 4]);
  assert.throws(() => shardHeadMap(map, { tensorParallel: 3, rank: 0 }), TensorParallelError);
});

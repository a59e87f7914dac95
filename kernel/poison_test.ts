import assert from "node:assert/strict";
import { poisonUnread } from "./poison.ts";
import { randomProblem } from "./random_problem.ts";
import { decodeValue } from "./storage_type.ts";

const problem = randomProblem({
  seed: 3,
  shape: {
    batch: 1,
    queryHeads: 1,
    kvHeads: 1,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 5,
    columns: 4,
    layout: "headwise",
    storage: "bf16",
  },
  queryLengths: [1],
  cachedLengths: [37],
  headWindows: [8],
  sinkTokens: 2,
});

/** Absolute positions whose key is not NaN, and the number of all vectors that are not NaN. */
function keptPositions(p: typeof problem): { positions: number[]; vectors: number } {
  const positions: number[] = [];
  const isKept = (vector: number): boolean =>
    !Number.isNaN(decodeValue("bf16", p.keys[vector * 64 + 63])) &&
    !Number.isNaN(decodeValue("bf16", p.values[vector * 64]));
  for (let position = 0; position < 48; position++) {
    const vector = p.table[Math.floor(position / 16)] * 16 + position % 16;
    if (isKept(vector)) positions.push(position);
  }
  const all = Array.from({ length: 5 * 16 }, (_, vector) => vector);
  return { positions, vectors: all.filter(isKept).length };
}

Deno.test("poisonUnread() keeps exactly the row's tokens when its reach is what is unnamed", () => {
  const { positions, vectors } = keptPositions(poisonUnread(problem));
  assert.deepEqual(positions, Array.from({ length: 38 }, (_, position) => position));
  assert.equal(vectors, 38);
});

Deno.test("poisonUnread() keeps exactly the seen keys when its reach is what is unseen", () => {
  const { positions, vectors } = keptPositions(poisonUnread(problem, { reach: "unseen" }));
  assert.deepEqual(positions, [0, 1, 30, 31, 32, 33, 34, 35, 36, 37]);
  assert.equal(vectors, 10);
});

Deno.test("poisonUnread() leaves the given problem alone when it copies", () => {
  assert.equal(keptPositions(problem).vectors, 80);
});

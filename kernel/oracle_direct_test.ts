import assert from "node:assert/strict";
import { attendDirect, attendDirectAt, rowWeights } from "./oracle_direct.ts";
import { attendPaged } from "./oracle_paged.ts";
import type { AttentionProblem } from "./problem.ts";
import { encodeValues } from "./storage_type.ts";

/** One slot and head with three tokens: scores 0, ln 2 and ln 4 over values 1, 2 and 4. */
function threeKeys(change: Partial<AttentionProblem> = {}): AttentionProblem {
  const headSize = 64;
  const keys = new Float32Array(16 * headSize);
  const values = new Float32Array(16 * headSize);
  for (let token = 0; token < 3; token++) {
    keys[token * headSize] = token;
    values.fill(2 ** token, token * headSize, (token + 1) * headSize);
  }
  const query = new Float32Array(headSize);
  query[0] = 1;
  return {
    shape: {
      batch: 1,
      queryHeads: 1,
      kvHeads: 1,
      headSize,
      pageSizeTokens: 16,
      pages: 1,
      columns: 1,
      layout: "headwise",
      storage: "f16",
    },
    query: encodeValues("f16", query),
    keys: encodeValues("f16", keys),
    values: encodeValues("f16", values),
    table: new Int32Array([0]),
    queryStarts: new Int32Array([0, 1]),
    cachedLengths: new Int32Array([2]),
    headWindows: new Int32Array([0]),
    sinkTokens: 0,
    scale: Math.LN2,
    ...change,
  };
}

function assertNear(got: number, expected: number): void {
  assert.ok(Math.abs(got - expected) < 1e-14, `${got} is not ${expected}`);
}

Deno.test("attendDirect() gives the softmax mean when weights are 1, 2 and 4", () => {
  const { output, logSumExp } = attendDirect(threeKeys());
  assertNear(output[0], (1 * 1 + 2 * 2 + 4 * 4) / 7);
  assertNear(logSumExp[0], Math.log(7));
});

Deno.test("attendDirect() adds the learned sink to the denominator alone when there is one", () => {
  for (const attend of [attendDirect, attendPaged]) {
    const sinkLogits = new Float32Array([0]);
    const { output, logSumExp } = attend(threeKeys({ sinkLogits }));
    assertNear(output[0], 21 / 8);
    assertNear(logSumExp[0], Math.log(7));
  }
});

Deno.test("attendDirect() keeps its precision when the learned sink is the largest term", () => {
  for (const attend of [attendDirect, attendPaged]) {
    const { output } = attend(threeKeys({ sinkLogits: new Float32Array([300]) }));
    assertNear(output[0], 21 * Math.exp(-300));
    assert.ok(output[0] > 0);
  }
});

Deno.test("attendDirect() gives 0 and -Infinity when a query sees no key", () => {
  const blind: Partial<AttentionProblem>[] = [
    { table: new Int32Array([-1]) },
    { maskRanges: new Int32Array([1, 1]) },
    { table: new Int32Array([-1]), sinkLogits: new Float32Array([2]) },
  ];
  for (const change of blind) {
    for (const attend of [attendDirect, attendPaged]) {
      const { output, logSumExp } = attend(threeKeys(change));
      assert.deepEqual(output, new Float64Array(64));
      assert.deepEqual(logSumExp, new Float64Array([-Infinity]));
    }
  }
});

Deno.test("attendDirect() sees W keys when the head has a window", () => {
  const { output } = attendDirect(threeKeys({ headWindows: new Int32Array([2]) }));
  assertNear(output[0], (2 * 2 + 4 * 4) / 6);
});

Deno.test("attendDirect() gives no rows when every slot is idle", () => {
  const idle = threeKeys({ query: new Uint16Array(0), queryStarts: new Int32Array([0, 0]) });
  assert.equal(attendDirect(idle).output.length, 0);
  assert.equal(attendPaged(idle).output.length, 0);
});

Deno.test("attendDirect() lets a visible NaN through when a key is NaN", () => {
  const problem = threeKeys();
  problem.keys[0] = 0x7e00;
  assert.ok(Number.isNaN(attendDirect(problem).output[0]));
  assert.ok(Number.isNaN(attendPaged(problem).output[0]));
});

Deno.test("rowWeights() gives scores and magnitudes when values have both signs", () => {
  const problem = threeKeys();
  problem.query.set(encodeValues("f16", new Float32Array([1, -1])));
  problem.keys.set(encodeValues("f16", new Float32Array([3, 2])), 64);
  const { scores, magnitudes } = rowWeights(problem, { slot: 0, queryIndex: 0, queryHead: 0 });
  assertNear(scores[1], (3 - 2) * Math.LN2);
  assertNear(magnitudes[1], (3 + 2) * Math.LN2);
});

Deno.test("attendDirectAt() gives the row of the whole result when asked for one", () => {
  const problem = threeKeys();
  const row = attendDirectAt(problem, { slot: 0, queryIndex: 0, queryHead: 0 });
  assert.deepEqual(row.output, attendDirect(problem).output);
});

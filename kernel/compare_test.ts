import assert from "node:assert/strict";
import { compareWithOracle } from "./compare.ts";
import { attendDirect } from "./oracle_direct.ts";
import { attendPaged } from "./oracle_paged.ts";
import { randomProblem } from "./random_problem.ts";
import { encodeValues } from "./storage_type.ts";

const problem = randomProblem({
  seed: 9,
  shape: {
    batch: 3,
    queryHeads: 4,
    kvHeads: 2,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 12,
    columns: 4,
    layout: "pooled",
    storage: "f16",
  },
  queryLengths: [1, 0, 3],
  cachedLengths: [40, 0, 5],
  headWindows: [0, 16],
});
const reference = attendDirect(problem);
const output = encodeValues("f16", reference.output);
const logSumExp = Float32Array.from(reference.logSumExp);

Deno.test("compareWithOracle() accepts the rounded reference when everything is compared", () => {
  const verdict = compareWithOracle({ problem, output, logSumExp, oracle: attendPaged(problem) });
  assert.ok(verdict.ok, verdict.message);
  assert.equal(verdict.compared, 4 * 4 * 65);
  assert.ok(verdict.worstBudgetUsed > 0.5 && verdict.worstBudgetUsed < 1);
});

Deno.test("compareWithOracle() names the element and its neighbours when one is wrong", () => {
  const wrong = output.slice();
  const index = (2 * 4 + 3) * 64 + 10;
  wrong[index] ^= 0x0100;
  const verdict = compareWithOracle({ problem, output: wrong });
  assert.equal(verdict.ok, false);
  assert.equal(verdict.outside, 1);
  assert.equal(verdict.worstIndex, index);
  assert.match(verdict.message, /element 10 of slot 2, query token 1, query head 3/);
  assert.match(verdict.message, /\[8\].*\[9\].*\[10\].*\[11\].*\[12\]/);
});

Deno.test("compareWithOracle() refuses NaN and infinities when the reference is finite", () => {
  for (const bits of [0x7e00, 0x7c00, 0xfc00]) {
    const wrong = output.slice();
    wrong[5] = bits;
    const verdict = compareWithOracle({ problem, output: wrong });
    assert.equal(verdict.worstBudgetUsed, Infinity);
    assert.equal(verdict.worstIndex, 5);
  }
});

Deno.test("compareWithOracle() reports a wrong log-sum-exp when the outputs are right", () => {
  const wrong = logSumExp.slice();
  wrong[3] += 0.001;
  const verdict = compareWithOracle({ problem, output, logSumExp: wrong });
  assert.equal(verdict.ok, false);
  assert.equal(verdict.worstIndex, -1);
  assert.match(verdict.message, /log-sum-exp of slot 0, query token 0, query head 3/);
});

Deno.test("compareWithOracle() looks only at the samples when they are given", () => {
  const wrong = output.slice();
  wrong[0] ^= 0x0100;
  const samples = [{ slot: 2, queryIndex: 2, queryHead: 1 }];
  assert.equal(compareWithOracle({ problem, output: wrong, samples }).compared, 64);
  assert.ok(compareWithOracle({ problem, output: wrong, samples }).ok);
  const hit = [{ slot: 0, queryIndex: 0, queryHead: 0 }];
  assert.equal(compareWithOracle({ problem, output: wrong, samples: hit }).ok, false);
});

Deno.test("compareWithOracle() refuses a result when its size is another problem's", () => {
  assert.throws(() => compareWithOracle({ problem, output: output.slice(64) }), { code: "shape" });
  const short = logSumExp.slice(1);
  assert.throws(() => compareWithOracle({ problem, output, logSumExp: short }), { code: "shape" });
});

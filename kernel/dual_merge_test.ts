import assert from "node:assert/strict";
import { checkProblem } from "./check_problem.ts";
import { attendDual, mergeByColumns, selectHeads } from "./dual_merge.ts";
import { attendDirect } from "./oracle_direct.ts";
import { randomProblem } from "./random_problem.ts";

const OPTIONS = {
  seed: 8,
  shape: {
    batch: 2,
    queryHeads: 6,
    kvHeads: 3,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 16,
    columns: 4,
    layout: "headwise",
    storage: "bf16",
  },
  queryLengths: [2, 1],
  cachedLengths: [30, 50],
  headWindows: [16, 0, 16],
  sinkTokens: 4,
  learnedSinks: true,
} as const;

Deno.test("selectHeads() gives a valid problem with the heads' own outputs when layouts vary", () => {
  for (const layout of ["uniform", "headwise", "pooled"] as const) {
    const problem = randomProblem({ ...OPTIONS, shape: { ...OPTIONS.shape, layout } });
    const part = selectHeads(problem, [2, 0]);
    checkProblem(part);
    const whole = attendDirect(problem);
    const { output, logSumExp } = attendDirect(part);
    for (let token = 0; token < 3; token++) {
      for (const [i, head] of [2, 0].entries()) {
        const from = (token * 6 + head * 2) * 64;
        const to = (token * 4 + i * 2) * 64;
        assert.deepEqual(output.slice(to, to + 128), whole.output.slice(from, from + 128));
        assert.equal(logSumExp[token * 4 + i * 2], whole.logSumExp[token * 6 + head * 2]);
      }
    }
  }
});

Deno.test("selectHeads() refuses heads when none or foreign ones are named", () => {
  const problem = randomProblem(OPTIONS);
  for (const heads of [[], [3], [-1], [0.5]]) {
    assert.throws(() => selectHeads(problem, heads), { code: "shape" });
  }
});

Deno.test("mergeByColumns() refuses passes when a head is served twice or not at all", () => {
  const result = new Float64Array(2);
  const o = { kvHeads: 2, columnsPerHead: 1 };
  assert.throws(() => mergeByColumns([{ heads: [0], result }], o), { clause: "dual/merge" });
  const twice = [{ heads: [0], result }, { heads: [0], result }];
  assert.throws(() => mergeByColumns(twice, o), { clause: "dual/merge" });
});

Deno.test("attendDual() makes one pass when all heads are of one kind", () => {
  const problem = randomProblem({ ...OPTIONS, headWindows: [8, 8, 8] });
  let passes = 0;
  const result = attendDual(problem, (pass) => {
    passes++;
    return attendDirect(pass);
  });
  assert.equal(passes, 1);
  assert.deepEqual(result, attendDirect(problem));
});

import assert from "node:assert/strict";
import { attendDirect } from "./oracle_direct.ts";
import { attendPaged } from "./oracle_paged.ts";
import { randomProblem } from "./random_problem.ts";

const OPTIONS = {
  seed: 5,
  shape: {
    batch: 1,
    queryHeads: 2,
    kvHeads: 1,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 8,
    columns: 8,
    layout: "headwise",
    storage: "bf16",
  },
  queryLengths: [3],
  cachedLengths: [100],
} as const;

Deno.test("attendPaged() counts the learned sink once when rows have many splits", () => {
  const problem = randomProblem({ ...OPTIONS, learnedSinks: true });
  const expected = attendDirect(problem).output;
  for (const pagesPerSplit of [1, 2, 7]) {
    const { output } = attendPaged(problem, { pagesPerSplit });
    output.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-13));
  }
});

Deno.test("attendPaged() merges splits that the first tokens of a step see nothing of", () => {
  const problem = randomProblem({ ...OPTIONS, queryLengths: [40], cachedLengths: [5] });
  const expected = attendDirect(problem).output;
  for (const pagesPerSplit of [1, 2]) {
    const { output } = attendPaged(problem, { pagesPerSplit });
    output.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-13, `${i}`));
  }
});

Deno.test("attendPaged() stays exact when scores grow by hundreds along the row", () => {
  const problem = randomProblem({ ...OPTIONS, scale: 40 });
  const expected = attendDirect(problem).output;
  const { output } = attendPaged(problem, { pagesPerSplit: 2 });
  output.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-11));
});

Deno.test("attendPaged() refuses a split of no pages when asked for one", () => {
  const problem = randomProblem(OPTIONS);
  for (const pagesPerSplit of [0, -1, 1.5, NaN]) {
    assert.throws(() => attendPaged(problem, { pagesPerSplit }), RangeError);
  }
});

Deno.test("attendPaged() rescales what it has summed when the learned sink is the largest term", () => {
  const problem = randomProblem(OPTIONS);
  const sunk = { ...problem, sinkLogits: new Float32Array([9, -9]) };
  const expected = attendDirect(sunk).output;
  const { output } = attendPaged(sunk);
  output.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-13));
});

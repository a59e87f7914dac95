import assert from "node:assert/strict";
import fc from "fast-check";
import { checkProblem } from "./check_problem.ts";
import { attendDual } from "./dual_merge.ts";
import { attendDirect } from "./oracle_direct.ts";
import { attendPaged } from "./oracle_paged.ts";
import { poisonUnread } from "./poison.ts";
import type { AttentionProblem, AttentionResult } from "./problem.ts";
import { randomProblem, type RandomProblemOptions } from "./random_problem.ts";

const slots = fc.array(
  fc.record({
    cached: fc.oneof(fc.constant(0), fc.nat(90)),
    queries: fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 2, max: 9 })),
  }),
  { minLength: 1, maxLength: 3 },
);

/** Options of small problems over every layout, type, mask kind and mix of row lengths. */
const problemOptions: fc.Arbitrary<RandomProblemOptions> = fc.record({
  seed: fc.nat(),
  slots,
  layout: fc.constantFrom("uniform" as const, "headwise" as const, "pooled" as const),
  storage: fc.constantFrom("bf16" as const, "f16" as const),
  headSize: fc.constantFrom(64, 64, 64, 128),
  pageSizeTokens: fc.constantFrom(16, 16, 32),
  group: fc.integer({ min: 1, max: 3 }),
  headWindows: fc.array(fc.constantFrom(0, 1, 5, 16, 40), { minLength: 1, maxLength: 3 }),
  sinkTokens: fc.constantFrom(0, 0, 3, 20),
  masks: fc.record({
    recycled: fc.boolean(),
    maskRanges: fc.boolean(),
    treeMask: fc.boolean(),
    learnedSinks: fc.boolean(),
  }),
}).map((o) => ({
  seed: o.seed,
  shape: {
    batch: o.slots.length,
    queryHeads: o.headWindows.length * o.group,
    kvHeads: o.headWindows.length,
    headSize: o.headSize,
    pageSizeTokens: o.pageSizeTokens,
    pages: 24,
    columns: 8,
    layout: o.layout,
    storage: o.storage,
  },
  queryLengths: o.slots.map((slot) => slot.queries),
  cachedLengths: o.slots.map((slot) => slot.cached),
  headWindows: o.headWindows,
  sinkTokens: o.sinkTokens,
  ...o.masks,
}));

function assertClose(got: AttentionResult, expected: AttentionResult): void {
  for (const name of ["output", "logSumExp"] as const) {
    assert.equal(got[name].length, expected[name].length);
    for (let i = 0; i < got[name].length; i++) {
      if (got[name][i] === expected[name][i]) continue;
      const error = Math.abs(got[name][i] - expected[name][i]);
      assert.ok(
        error < 2e-13 * (1 + Math.abs(expected[name][i])),
        `${name}[${i}] is off by ${error}`,
      );
    }
  }
}

function law(check: (problem: AttentionProblem) => void, runs: number): void {
  fc.assert(fc.property(problemOptions, (o) => check(randomProblem(o))), { numRuns: runs });
}

Deno.test("randomProblem() draws what checkProblem() accepts when options vary", () => {
  law(checkProblem, 60);
});

Deno.test("attendPaged() agrees with attendDirect() when problems vary", () => {
  law((problem) => assertClose(attendPaged(problem), attendDirect(problem)), 150);
});

Deno.test("attendPaged() gives the unsplit result when rows are split anywhere", () => {
  fc.assert(
    fc.property(problemOptions, fc.integer({ min: 1, max: 8 }), (o, pagesPerSplit) => {
      const problem = randomProblem(o);
      assertClose(attendPaged(problem, { pagesPerSplit }), attendPaged(problem));
    }),
    { numRuns: 60 },
  );
});

Deno.test("attendDirect() and attendPaged() give the same bits when unread memory is NaN", () => {
  law((problem) => {
    for (const reach of ["unnamed", "unseen"] as const) {
      const poisoned = poisonUnread(problem, { reach });
      assert.deepEqual(attendDirect(poisoned), attendDirect(problem));
      assert.deepEqual(attendPaged(poisoned), attendPaged(problem));
    }
  }, 40);
});

Deno.test("attendDual() gives the bits of one pass when heads are split by kind", () => {
  law((problem) => {
    assert.deepEqual(attendDual(problem), attendDirect(problem));
    assert.deepEqual(attendDual(problem, attendPaged), attendPaged(problem));
  }, 40);
});

Deno.test("attendDirect() gives the same bits when a recycled page's hole names page 0 instead", () => {
  fc.assert(
    fc.property(problemOptions, (o) => {
      // Ranges may reach behind the window, where recycling has made holes.
      const problem = randomProblem({ ...o, maskRanges: false, recycled: true });
      const named = problem.table.map((id) => id < 0 ? 0 : id);
      assert.deepEqual(attendDirect({ ...problem, table: named }), attendDirect(problem));
    }),
    { numRuns: 40 },
  );
});

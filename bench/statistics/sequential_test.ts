import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { pairedInterval } from "./interval.ts";
import { levelAfter, planLooks, type SequentialPlan } from "./sequential.ts";

Deno.test("planLooks() looks after even numbers of pairs up to the last", () => {
  assert.deepEqual(planLooks({ firstPairs: 3, maxPairs: 9 }).looks, [4, 6, 8, 10]);
  assert.deepEqual(planLooks({ firstPairs: 1, maxPairs: 1 }).looks, [2]);
});

Deno.test("planLooks() keeps 5 % for one look and asks more of each one when there are several", () => {
  const last = (maxPairs: number) => planLooks({ firstPairs: 4, maxPairs }).levels.at(-1)!;
  const levels = [4, 8, 16, 32].map(last);
  assert.ok(Math.abs(levels[0] - 0.05) < 1e-12);
  levels.slice(1).forEach((level, i) => assert.ok(level < levels[i]));
  // The last look keeps most of the 5 %: that is what the shape of the boundary is for.
  assert.ok(levels[3] > 0.02, `${levels[3]}`);
  const { levels: rising } = planLooks({ firstPairs: 4, maxPairs: 16 });
  rising.slice(1).forEach((level, i) => assert.ok(level > rising[i]));
});

/** Share of paths without any effect in which some look excludes 0. */
function crossingShare(plan: SequentialPlan, seed: number): number {
  const random = createRandom(seed);
  const trials = 4000;
  let crossed = 0;
  for (let trial = 0; trial < trials; trial++) {
    const last = plan.looks[plan.looks.length - 1];
    const values = Array.from({ length: last }, () => 0.02 * random.nextNormal());
    const excluded = plan.looks.some((pairs) => {
      const estimate = pairedInterval(values.slice(0, pairs), {
        deterministic: false,
        level: levelAfter(plan, pairs),
      })!;
      return estimate.lower > 0 || estimate.upper < 0;
    });
    if (excluded) crossed++;
  }
  return crossed / trials;
}

Deno.test("planLooks() errs in 5 of 100 runs in all however many looks there are", () => {
  for (const maxPairs of [8, 24]) {
    const share = crossingShare(planLooks({ firstPairs: 2, maxPairs }), 1000 + maxPairs);
    // Three standard errors of 4000 trials are 1.03 %; the level is set a little on the safe side.
    assert.ok(share > 0.035 && share < 0.0603, `${share} with at most ${maxPairs} pairs`);
  }
});

Deno.test("planLooks() is needed: 5 % at every look errs twice as often and more", () => {
  const { looks } = planLooks({ firstPairs: 2, maxPairs: 24 });
  assert.ok(crossingShare({ looks, levels: looks.map(() => 0.05) }, 7) > 0.13);
});

Deno.test("levelAfter() holds a run that has not come to a look to the strictest level", () => {
  const plan = planLooks({ firstPairs: 4, maxPairs: 8 });
  assert.deepEqual([2, 4, 5, 6, 9].map((pairs) => levelAfter(plan, pairs)), [
    plan.levels[0],
    plan.levels[0],
    plan.levels[0],
    plan.levels[1],
    plan.levels[2],
  ]);
});

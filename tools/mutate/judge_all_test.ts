import assert from "node:assert/strict";
import { judgeAll } from "./judge_all.ts";
import type { Mutant } from "./sample.ts";
import { MUTANT, stubRunner } from "./testing.ts";
import { listChecks } from "./verdict.ts";

const MUTANTS: Mutant[] = [..."abcdefghij"].map((name) => ({
  ...MUTANT,
  path: `allocator/${name}.ts`,
  text: `${MUTANT.text}// ${name}`,
}));

/** Verdicts by place, where every third change is noticed and `b_test.ts` always fails. */
async function judgeBy(jobs: number, skip: Set<number> = new Set()) {
  const runners = Array.from(
    { length: jobs },
    () =>
      stubRunner((check, text) =>
        check === "b_test.ts" || (check === "a_test.ts" && /[adgj]$/.test(text))
          ? "failed"
          : "passed"
      ).runner,
  );
  const found: [number, string, string][] = [];
  await judgeAll(MUTANTS, {
    runners,
    checksOf: (path) => listChecks(path, { tests: ["a_test.ts", "b_test.ts"], suites: false }),
    skip,
    onVerdict: ({ index, mutant, verdict }) => found.push([index, mutant.path, verdict.kind]),
  });
  return found.sort(([a], [b]) => a - b);
}

Deno.test("judgeAll() finds the same verdicts whatever the number of runners", async () => {
  const alone = await judgeBy(1);
  assert.deepEqual(alone.map(([index]) => index), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(alone.map(([, , kind]) => kind).slice(0, 4), [
    "killed",
    "undecided",
    "undecided",
    "killed",
  ]);
  for (const jobs of [2, 3, 24]) assert.deepEqual(await judgeBy(jobs), alone);
});

Deno.test("judgeAll() leaves out what is judged already, and keeps the places", async () => {
  const left = await judgeBy(2, new Set([1, 2, 3, 5, 6, 7, 8, 9]));
  assert.deepEqual(left, [
    [4, "allocator/d.ts", "killed"],
    [10, "allocator/j.ts", "killed"],
  ]);
});

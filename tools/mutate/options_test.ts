import assert from "node:assert/strict";
import { readOptions } from "./options.ts";

Deno.test("readOptions() writes a second judgement beside the first", () => {
  const first = readOptions(["--seed", "7", "--jobs", "24"]);
  assert.deepEqual([first.jobs, first.tests, first.out], [24, 6, "results/mutants-7.jsonl"]);
  const second = readOptions(["--seed", "7", "--again", first.out]);
  assert.deepEqual([second.again, second.out], [first.out, "results/mutants-7-again.jsonl"]);
});

Deno.test("readOptions() refuses what is not a whole number from 1, and unknown words", () => {
  for (const name of ["count", "seed", "tests", "jobs"]) {
    for (const value of ["0", "1.5", "x", ""]) {
      assert.throws(() => readOptions([`--${name}`, value]), new RegExp(`--${name} "${value}"`));
    }
  }
  assert.throws(() => readOptions(["--survivors"]), /--survivors/);
});

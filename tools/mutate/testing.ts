import type { Mutant } from "./sample.ts";
import type { Outcome, TestRunner } from "./test_run.ts";

/** A changed boundary, in a file of its own. */
export const MUTANT: Mutant = {
  path: "allocator/a.ts",
  line: 1,
  change: { kind: "boundary", start: 6, end: 7, replacement: "<=" },
  original: "if (a < b) c();\n",
  text: "if (a <= b) c();\n",
};

/** A runner whose checks answer by what stands in the file. */
export function stubRunner(
  answer: (check: string, text: string) => Outcome,
): { runner: TestRunner; textNow: () => string } {
  let text = MUTANT.original;
  const outcome = (check: string) => Promise.resolve(answer(check, text));
  const runner: TestRunner = {
    write: (_path, given) => void (text = given),
    test: outcome,
    check: () => outcome("types"),
    suites: () => outcome("suites"),
  };
  return { runner, textNow: () => text };
}

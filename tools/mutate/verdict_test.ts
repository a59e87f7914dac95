import assert from "node:assert/strict";
import type { Mutant } from "./sample.ts";
import { type Outcome, testFlags, type TestRunner } from "./test_run.ts";
import { findRedTests, judgeMutant, summarize } from "./verdict.ts";

const MUTANT: Mutant = {
  path: "allocator/a.ts",
  line: 1,
  change: { kind: "boundary", start: 6, end: 7, replacement: "<=" },
  original: "if (a < b) c();\n",
  text: "if (a <= b) c();\n",
};

/** A runner whose tests notice what stands in the file. */
function createRunner(notice: (test: string, text: string) => Outcome) {
  let text = MUTANT.original;
  const runner: TestRunner = {
    write: (_path, given) => void (text = given),
    test: (...tests) =>
      Promise.resolve(
        tests.map((test) => notice(test, text)).find((each) => each !== "passed") ?? "passed",
      ),
    check: () => Promise.resolve(notice("types", text)),
    suites: () => Promise.resolve(notice("suites", text)),
  };
  return { runner, textNow: () => text };
}

const judgeWith = async (noticing: string, outcome: Outcome, suites = true) => {
  const { runner, textNow } = createRunner((test, text) =>
    test === noticing && text === MUTANT.text ? outcome : "passed"
  );
  const verdict = await judgeMutant(MUTANT, { runner, tests: ["a_test.ts", "b_test.ts"], suites });
  assert.equal(textNow(), MUTANT.original);
  return [verdict.kind, verdict.by];
};

Deno.test("judgeMutant() names what noticed first, and puts the file back", async () => {
  assert.deepEqual(await judgeWith("b_test.ts", "failed"), ["killed", "b_test.ts"]);
  assert.deepEqual(await judgeWith("a_test.ts", "hung"), ["hung", "a_test.ts"]);
  assert.deepEqual(await judgeWith("types", "failed"), ["killed", "types"]);
  assert.deepEqual(await judgeWith("suites", "failed"), ["killed", "suites"]);
  assert.deepEqual(await judgeWith("suites", "failed", false), ["survived", "2 test files"]);
  assert.deepEqual(await judgeWith("nothing", "failed"), ["survived", "2 test files"]);
});

Deno.test("findRedTests() finds killers that fail without any change", async () => {
  const { runner } = createRunner((test) => test === "b_test.ts" ? "failed" : "passed");
  const killedBy = (by: string) => ({ mutant: MUTANT, kind: "killed" as const, by });
  const verdicts = [killedBy("a_test.ts"), killedBy("b_test.ts"), killedBy("types")];
  assert.deepEqual(await findRedTests(verdicts, runner), ["b_test.ts"]);
  assert.deepEqual(await findRedTests(verdicts.slice(0, 1), runner), []);
});

Deno.test("summarize() lists survivors with their line and gives the figure", () => {
  const text = summarize([
    { mutant: MUTANT, kind: "survived", by: "2 test files" },
    { mutant: MUTANT, kind: "hung", by: "a_test.ts" },
    { mutant: MUTANT, kind: "killed", by: "types" },
    { mutant: MUTANT, kind: "killed", by: "a_test.ts" },
  ]);
  assert.match(text, /^survived: allocator\/a\.ts:1: boundary: if \(a <= b\) c\(\);$/m);
  assert.match(text, /4 changes: 3 noticed \(1 of them .*\), 1 survived \(25\.0 %\)$/);
});

Deno.test("testFlags() takes the permissions of the task 'test', and asks for no more", () => {
  const flags = testFlags(Deno.readTextFileSync("deno.json"));
  assert.ok(flags.includes("--ignore-env") && flags.includes("--no-prompt"));
  assert.ok(!flags.some((flag) => ["-A", "--allow-all", "--parallel", "--doc"].includes(flag)));
});

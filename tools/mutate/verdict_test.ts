import assert from "node:assert/strict";
import { MUTANT, stubRunner } from "./testing.ts";
import { type Outcome, testFlags } from "./test_run.ts";
import { createBaseline, judgeMutant, listChecks } from "./verdict.ts";

/** Judges a mutant where `with` notices the change and `without` fails before it. */
async function judge(
  o: { with?: Record<string, Outcome>; without?: Record<string, Outcome>; suites?: boolean },
) {
  const stub = stubRunner((check, text) =>
    (text === MUTANT.text ? { ...o.without, ...o.with } : o.without ?? {})[check] ?? "passed"
  );
  const verdict = await judgeMutant(MUTANT, {
    runner: stub.runner,
    checks: listChecks(MUTANT.path, {
      tests: ["a_test.ts", "b_test.ts"],
      suites: o.suites ?? true,
    }),
    baseline: createBaseline(),
  });
  assert.equal(stub.textNow(), MUTANT.original);
  return verdict;
}

Deno.test("judgeMutant() names what noticed first, and puts the file back", async () => {
  for (const name of ["a_test.ts", "b_test.ts", "types", "suites"]) {
    const verdict = await judge({ with: { [name]: "failed" } });
    assert.deepEqual([verdict.kind, verdict.by], ["killed", name]);
  }
  const hung = await judge({ with: { "b_test.ts": "hung" } });
  assert.deepEqual(hung, { kind: "hung", by: "b_test.ts", passed: 1, unsound: [] });
  const survived = { kind: "survived", by: "", passed: 4, unsound: [] };
  assert.deepEqual(await judge({}), survived);
  assert.deepEqual(await judge({ with: { suites: "failed" }, suites: false }), {
    ...survived,
    passed: 3,
  });
});

Deno.test("judgeMutant() lets nothing count that fails without any change", async () => {
  for (const name of ["a_test.ts", "types", "suites"]) {
    for (const outcome of ["failed", "hung"] as const) {
      const alone = await judge({ without: { [name]: outcome } });
      assert.deepEqual(alone, { kind: "undecided", by: "", passed: 3, unsound: [name] });
    }
  }
  const other = await judge({ without: { "a_test.ts": "failed" }, with: { types: "failed" } });
  assert.deepEqual(other, { kind: "killed", by: "types", passed: 1, unsound: ["a_test.ts"] });
});

Deno.test("createBaseline() runs a check once, for whoever asks", async () => {
  let runs = 0;
  const { runner } = stubRunner(() => (runs++, "passed"));
  const baseline = createBaseline();
  const [check, other] = listChecks("a.ts", { tests: ["a_test.ts", "b_test.ts"], suites: false });
  const asked = [check!, check!, other!].map((each) => baseline(each, runner));
  assert.deepEqual(await Promise.all(asked), [true, true, true]);
  assert.equal(runs, 2);
});

Deno.test("testFlags() takes the permissions of the task 'test', and asks for no more", () => {
  const flags = testFlags(Deno.readTextFileSync("deno.json"));
  assert.ok(flags.includes("--ignore-env") && flags.includes("--no-prompt"));
  assert.ok(!flags.some((flag) => ["-A", "--allow-all", "--parallel", "--doc"].includes(flag)));
});

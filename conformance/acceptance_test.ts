import assert from "node:assert/strict";
import { judgeValue, requireEqual, requireSameElements, requireThat } from "./acceptance.ts";
import { Mismatch } from "./outcome.ts";

Deno.test("judgeValue() tells exact values apart, zero signs and NaN included", () => {
  assert.ok(judgeValue({ kind: "exact", value: NaN }, NaN).ok);
  assert.ok(!judgeValue({ kind: "exact", value: 0 }, -0).ok);
  assert.ok(!judgeValue({ kind: "exact", value: "a" }, "b").ok);
});

Deno.test("judgeValue() accepts any member of a set and nothing else", () => {
  const acceptance = { kind: "one-of", values: [1, 2] } as const;
  assert.deepEqual([1, 2, 3].map((value) => judgeValue(acceptance, value).ok), [true, true, false]);
});

Deno.test("judgeValue() measures how much of an interval was used", () => {
  const acceptance = { kind: "interval", center: 10, radius: 2 } as const;
  const used = [10, 11, 12, 13].map((value) => judgeValue(acceptance, value).budgetUsed);
  assert.deepEqual(used, [0, 0.5, 1, 1.5]);
  assert.deepEqual([12, 12.1, NaN].map((value) => judgeValue(acceptance, value).ok), [
    true,
    false,
    false,
  ]);
});

Deno.test("judgeValue() accepts the center of an interval of radius zero", () => {
  const acceptance = { kind: "interval", center: 1, radius: 0 } as const;
  assert.deepEqual([1, 2].map((value) => judgeValue(acceptance, value).ok), [true, false]);
});

Deno.test("judgeValue() asks an invariant", () => {
  const acceptance = {
    kind: "invariant",
    name: "an even number",
    holds: (n: number) => n % 2 === 0,
  };
  const judgement = judgeValue(acceptance as { kind: "invariant" } & typeof acceptance, 3);
  assert.equal(judgement.message, "expected an even number, found 3");
});

Deno.test("requireSameElements() names the first place and counts the others", () => {
  assert.throws(
    () => requireSameElements("ids", [1, 2, 3], [1, 5, 6]),
    (error) =>
      error instanceof Mismatch &&
      error.message === "ids[1]: expected 5, found 2 (2 of 3 differ)",
  );
  assert.throws(() => requireSameElements("ids", [1], [1, 2]), Mismatch);
});

Deno.test("requireEqual() and requireThat() throw only when the condition fails", () => {
  requireEqual("rows", 1, 1);
  requireThat(true, "never");
  assert.throws(() => requireEqual("rows", 1, 2), Mismatch);
  assert.throws(() => requireThat(false, "Expected more"), /Expected more/);
});

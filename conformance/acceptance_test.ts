import assert from "node:assert/strict";
import { requireEqual, requireSameElements, requireThat, requireWithin } from "./acceptance.ts";
import { Mismatch } from "./outcome.ts";

Deno.test("requireEqual() tells exact values apart, zero signs and NaN included", () => {
  requireEqual("value", NaN, NaN);
  assert.throws(() => requireEqual("value", -0, 0), { message: "value: expected 0, found -0" });
  assert.throws(() => requireEqual("value", "b", "a"), {
    message: 'value: expected "a", found "b"',
  });
});

Deno.test("requireWithin() measures how much of an interval was used", () => {
  const interval = { center: 10, radius: 2 };
  const used = [10, 11, 12].map((value) => requireWithin("share", value, interval));
  assert.deepEqual(used, [0, 0.5, 1]);
  const isWide = (error: unknown): boolean =>
    error instanceof Mismatch && error.budgetUsed === 1.5 &&
    error.message === "share: expected 10 ± 2, found 13";
  assert.throws(() => requireWithin("share", 13, interval), isWide);
  assert.throws(() => requireWithin("share", 12.1, interval), Mismatch);
  assert.throws(() => requireWithin("share", NaN, interval), Mismatch);
});

Deno.test("requireWithin() accepts the center of an interval of radius zero", () => {
  assert.equal(requireWithin("share", 1, { center: 1, radius: 0 }), 0);
  assert.throws(() => requireWithin("share", 2, { center: 1, radius: 0 }), Mismatch);
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

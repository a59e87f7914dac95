import assert from "node:assert/strict";
import { outputsDiffer } from "./metrics.ts";

Deno.test("outputsDiffer() allows up to 5 % of the longer answers, whichever side gave them", () => {
  for (
    const [left, right, differ] of [
      [100, 95, false],
      [100, 94, true],
      [2000, 1900, false],
      [2000, 1899, true],
      [0, 0, false],
      [0, 1, true],
    ] as const
  ) {
    assert.equal(outputsDiffer(left, right), differ, `${left} ${right}`);
    assert.equal(outputsDiffer(right, left), differ, `${right} ${left}`);
  }
});

import assert from "node:assert/strict";
import { decimalNumber } from "./decimal_number.ts";

Deno.test("decimalNumber() accepts numbers from the bound on and nothing else", () => {
  const parse = decimalNumber({ min: 0 });
  assert.deepEqual(["0", "2", "1.25"].map(parse), [0, 2, 1.25]);
  for (const text of ["", "-1", "1e3", "x", "1.", " 1", "Infinity"]) {
    assert.throws(() => parse(text), /at least 0/, text);
  }
});

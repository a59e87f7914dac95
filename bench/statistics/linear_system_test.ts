import assert from "node:assert/strict";
import { solveLinear } from "./linear_system.ts";

Deno.test("solveLinear() finds the unknowns, also where rows must change places", () => {
  // x = 2, y = −1, z = 3.
  const rows = [[0, 2, 1, 1], [1, 1, 1, 4], [2, 1, -1, 0]];
  const found = solveLinear(rows.map((row) => Float64Array.from(row)));
  [2, -1, 3].forEach((value, index) => assert.ok(Math.abs(found[index] - value) < 1e-12));
});

import assert from "node:assert/strict";
import { describeRatios } from "./timing.ts";

Deno.test("describeRatios() tells the median, the least and the most", () => {
  assert.match(describeRatios([3, 1, 2.5]), /^ +2\.50 +1\.00 … 3\.00 +$/);
});

import assert from "node:assert/strict";
import { faultOf, parseFaults } from "./serve_faults.ts";

Deno.test("parseFaults() names the likely fault when one is misspelt", () => {
  assert.throws(
    () => parseFaults("stall=2,disconect=5"),
    /'disconect=5'.*did you mean 'disconnect'\?/,
  );
  assert.throws(() => parseFaults("stall"), /such as stall=10$/);
});

Deno.test("faultOf() takes the first fault of the list whose turn it is", () => {
  const faults = parseFaults("stall=3,status=6");
  assert.deepEqual([1, 3, 6].map((ordinal) => faultOf(faults, ordinal)), [null, "stall", "status"]);
});

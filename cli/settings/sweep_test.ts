import assert from "node:assert/strict";
import { parseShard } from "./sweep.ts";

Deno.test("parseShard() takes parts that there are", () => {
  assert.deepEqual(parseShard("2/3"), { part: 2, parts: 3 });
  for (const text of ["0/3", "4/3", "1", "a/b"]) {
    assert.throws(() => parseShard(text), /PART\/PARTS/);
  }
});

import assert from "node:assert/strict";
import { parseQuery } from "./query.ts";
import { suggestQuery } from "./suggest_query.ts";

const CASES = [
  "allocator:pool:conservation:layout=uniform",
  "kernel:attend:geometry:size=64",
  "kernel:attend:length:tokens=1",
].map((text) => ({ parsed: parseQuery(text) }));

const suggest = (text: string): string | undefined => suggestQuery(parseQuery(text), CASES);

Deno.test("suggestQuery() fixes each level by the names below the one before", () => {
  assert.equal(suggest("kernle"), "kernel");
  assert.equal(suggest("kernel:atend"), "kernel:attend");
  assert.equal(suggest("kernl:atend:lenght"), "kernel:attend:length");
});

Deno.test("suggestQuery() leaves parameters out, for values are not guessed", () => {
  assert.equal(suggest("kernel:attend:length:tokens=2"), "kernel:attend:length");
});

Deno.test("suggestQuery() gives nothing when a level is near to no name", () => {
  assert.equal(suggest("quantum"), undefined);
  assert.equal(suggest("kernel:quantum"), undefined);
  assert.equal(suggest("*:quantum"), undefined);
});

import assert from "node:assert/strict";
import { pairListOf } from "./pair_lists.ts";

Deno.test("pairListOf() takes each name once, and gives the text as it is", () => {
  const parse = pairListOf(["ttft", "tbt"], { value: /^\d+ms$/, example: "ttft=200ms" });
  assert.equal(parse("tbt=5ms, ttft=9ms"), "tbt=5ms, ttft=9ms");
  assert.throws(() => parse("ttft=1ms,ttft=2ms"), /expected 'ttft' once/);
  assert.throws(() => parse("ttft=1"), /expected a value of 'ttft' as in ttft=200ms/);
  assert.throws(() => parse("ttf=1ms"), /did you mean 'ttft'\?/);
});

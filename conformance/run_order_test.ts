import assert from "node:assert/strict";
import { listCases } from "./registry.ts";
import { orderForRun } from "./run_order.ts";

Deno.test("orderForRun() gives every test its first case before any has its second", () => {
  const cases = listCases();
  const ordered = orderForRun(cases);
  assert.deepEqual(new Set(ordered), new Set(cases));
  assert.equal(ordered.length, cases.length);
  const short = ordered.filter(({ definition }) => !/^(fuzz|regression)$/.test(definition.suite));
  const tests = new Set(short.map(({ definition }) => definition)).size;
  const firstRound = short.slice(0, tests).map(({ definition }) => definition);
  assert.equal(new Set(firstRound).size, tests);
  assert.deepEqual(ordered.slice(0, short.length), short);
});

import assert from "node:assert/strict";
import { listCases } from "./registry.ts";
import { orderForRun } from "./run_order.ts";

Deno.test("orderForRun() keeps every case, cheap suites first", () => {
  const cases = listCases();
  const ordered = orderForRun(cases);
  assert.equal(ordered.length, cases.length);
  assert.deepEqual(new Set(ordered), new Set(cases));
  const suites = ordered.map(({ definition }) => definition.suite);
  assert.ok(suites.lastIndexOf("allocator") < suites.indexOf("kernel"));
  assert.ok(suites.lastIndexOf("kernel") < suites.indexOf("fuzz"));
  assert.deepEqual(orderForRun([]), []);
});

Deno.test("orderForRun() gives every test its first case before any has its second", () => {
  const kernel = orderForRun(listCases().filter(({ definition }) => definition.suite === "kernel"));
  const tests = new Set(kernel.map(({ definition }) => definition)).size;
  const firstRound = kernel.slice(0, tests).map(({ definition }) => definition);
  assert.equal(new Set(firstRound).size, tests);
});

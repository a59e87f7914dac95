import assert from "node:assert/strict";
import { listCases } from "./registry.ts";
import { EARLY_CASES, orderForRun } from "./run_order.ts";

Deno.test("orderForRun() keeps every case: those that tell most, then cheap suites first", () => {
  const cases = listCases();
  const ordered = orderForRun(cases);
  assert.equal(ordered.length, cases.length);
  assert.deepEqual(new Set(ordered), new Set(cases));
  const early = ordered.slice(0, EARLY_CASES.length).map(({ query }) => query);
  assert.deepEqual(early, EARLY_CASES);
  const suites = ordered.slice(EARLY_CASES.length).map(({ parsed }) => parsed.suite);
  assert.ok(suites.lastIndexOf("allocator") < suites.indexOf("kernel"));
  assert.ok(suites.lastIndexOf("kernel") < suites.indexOf("fuzz"));
  assert.deepEqual(orderForRun([]), []);
});

Deno.test("orderForRun() gives every test its first case before any has its second", () => {
  const early = new Set(EARLY_CASES);
  const cases = listCases().filter(({ parsed, query }) =>
    parsed.suite === "kernel" && !early.has(query)
  );
  const kernel = orderForRun(cases);
  const tests = new Set(kernel.map(({ definition }) => definition)).size;
  const firstRound = kernel.slice(0, tests).map(({ definition }) => definition);
  assert.equal(new Set(firstRound).size, tests);
});

import assert from "node:assert/strict";
import { findBreaches } from "./house_rules.ts";
import { readSourceTree } from "./source_tree.ts";

Deno.test("findBreaches() finds nothing in this checkout", () => {
  const breaches = findBreaches(readSourceTree("."));
  assert.deepEqual(breaches.map((b) => `${b.path}: ${b.rule}: ${b.message}`), []);
});

Deno.test("readSourceTree() reads the hidden and the visible, but no results", () => {
  const paths = readSourceTree(".").map(({ path }) => path);
  assert.ok(paths.includes("deno.json"));
  assert.ok(paths.includes(".ci/house_rules_test.ts"));
  assert.ok(!paths.some((path) => path.startsWith(".git/") || path.startsWith("results/")));
});

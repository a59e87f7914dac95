import assert from "node:assert/strict";
import { DEFAULT_POLICIES, listPolicyDifferences, resolvePolicies } from "./policies.ts";

Deno.test("listPolicyDifferences() names what differs from the default, and nothing else", () => {
  assert.deepEqual(listPolicyDifferences(), []);
  assert.deepEqual(listPolicyDifferences({ nullId: -1, endOfRow: "refuse" }), []);
  assert.deepEqual(
    listPolicyDifferences({ headRounding: { mode: "nearest", least: 1 }, nullId: 0 }),
    [
      { policy: "headRounding", declared: "nearest, at least 1", standard: "floor, at least 0" },
      { policy: "nullId", declared: "0", standard: "-1" },
    ],
  );
});

Deno.test("resolvePolicies() keeps the default of what is not declared", () => {
  assert.deepEqual(resolvePolicies(), DEFAULT_POLICIES);
  assert.deepEqual(resolvePolicies({ nullId: 0 }), { ...DEFAULT_POLICIES, nullId: 0 });
});

import assert from "node:assert/strict";
import { compareResults } from "./compare_results.ts";
import { tinyResult, withValues } from "../run/test_support.ts";

const BASE = await tinyResult();
const slow = withValues(BASE, {
  headwise: { ttftMs: [100, 101, 99], tbtMs: [10, 10.1, 9.9] },
});
const fast = withValues(BASE, { headwise: { ttftMs: [80, 81, 79], tbtMs: [8, 8.1, 7.9] } });
const SIDES = { baseline: "headwise", candidate: "headwise" } as const;

Deno.test("compareResults() lets unpaired runs pass only when they are accepted", () => {
  const report = compareResults(slow, fast, SIDES);
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.match(report.reasons.at(-1)!, /not interleaved.*accept it explicitly/);
  assert.equal(compareResults(slow, fast, { ...SIDES, acceptUnpaired: true }).verdict, "PASS");
});

Deno.test("compareResults() fails when the candidate is no better", () => {
  assert.equal(compareResults(fast, slow, SIDES).verdict, "FAIL");
});

Deno.test("compareResults() lets deterministic clocks stand as they are", () => {
  const report = compareResults(BASE, BASE);
  assert.equal(report.baseline, "uniform");
  assert.equal(report.candidate, "headwise");
  assert.deepEqual(report.reasons, compareResults(BASE, BASE, { acceptUnpaired: true }).reasons);
  assert.notEqual(report.comparisons[0].interval, null);
});

Deno.test("compareResults() judges capacity when asked", () => {
  const report = compareResults(BASE, BASE, { gate: "gate/capacity" });
  assert.equal(report.gate, "gate/capacity");
  assert.equal(report.candidate, "pooled-recycle");
});

Deno.test("compareResults() refuses when the two replayed different things", () => {
  const other = { ...BASE, options: { ...BASE.options, seed: 99 } };
  assert.throws(() => compareResults(BASE, other), {
    code: "gate/not-comparable",
    message: /seed is '5' in one and '99' in the other/,
  });
  const trace = { ...BASE, requests: { ...BASE.requests, sha256: "0" } };
  assert.throws(() => compareResults(BASE, trace), /requests is/);
});

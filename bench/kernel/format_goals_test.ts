import assert from "node:assert/strict";
import type { KernelGoal } from "./case.ts";
import { describeGoal, goalUnit } from "./format_goals.ts";

Deno.test("describeGoal() and goalUnit() give every goal its own unit", () => {
  const cases: [KernelGoal, number, string, string][] = [
    [{ kind: "ceiling", atLeast: 0.8 }, 0.5, "≥ 80.0 % of the ceiling", "50.0 %"],
    [{ kind: "flops", atLeast: 2e12 }, 1e12, "≥ 2.00 TFLOP/s", "1.00 TFLOP/s"],
    [
      { kind: "overhead", atMostMicroseconds: 5 },
      4,
      "≤ 5.00 µs over empty chain and ceiling",
      "4.00 µs",
    ],
    [
      { kind: "host", atMostMs: 2 },
      1,
      "≤ 2.00 ms of CPU for a step of 28 layers",
      "1.00 ms",
    ],
    [{ kind: "times", case: "a", atMost: 2 }, 1, "≤ 2.000 × the time of a", "1.000 ×"],
    [
      { kind: "walk", case: "a", within: 0.1 },
      1,
      "time by keys read, against a: 1 ± 0.1",
      "1.000 ×",
    ],
    [
      { kind: "peer", peer: "any", atLeast: 0.9 },
      1,
      "≥ 0.900 × as fast as every peer",
      "1.000 ×",
    ],
  ];
  for (const [goal, value, demanded, measured] of cases) {
    assert.equal(describeGoal(goal), demanded);
    assert.equal(goalUnit(goal, value), measured);
  }
});

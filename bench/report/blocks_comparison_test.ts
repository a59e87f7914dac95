import assert from "node:assert/strict";
import type { Comparison } from "../result/mod.ts";
import { comparedSides, comparisonBlocks, comparisonFinding } from "./blocks_comparison.ts";
import { BENCH } from "./report_test_support.ts";

const GATE = BENCH.readGate!;

function compared(changes: Partial<Comparison>) {
  const comparisons = [{ ...GATE.comparisons[0], ...changes }];
  return comparedSides({ ...GATE, verdict: "PASS", comparisons, control: [], pairs: 2 });
}

Deno.test("comparisonFinding() names sides, demanded metrics and pairs", () => {
  const o = compared({ ratio: 0.8 });
  assert.equal(
    comparisonFinding(o),
    "gate/read PASS: headwise against uniform, mean TTFT -20.0 %, 2 pairs",
  );
});

Deno.test("comparisonBlocks() tells an interval without noise, a measured one and none apart", () => {
  const interval = { lower: 0.7, upper: 0.9, confidence: 0.95, degenerate: false };
  const cases: [Comparison["interval"], string][] = [
    [interval, "-30.0 % … -10.0 %"],
    [{ ...interval, degenerate: true }, "no noise"],
    [null, "–"],
  ];
  for (const [given, shown] of cases) {
    const [table] = comparisonBlocks([compared({ ratio: 0.8, interval: given })]);
    assert.ok(table.kind === "table");
    assert.equal(table.table.rows[0][4], shown);
  }
});

Deno.test("comparisonBlocks() gives the change of each pair, and draws none without a ratio", () => {
  const pairLogRatios = [Math.log(0.5), Math.log(2)];
  const blocks = comparisonBlocks([compared({ ratio: 1, pairLogRatios })]);
  const charts = blocks.find((block) => block.kind === "charts")!;
  assert.deepEqual(charts.figures.rows.map((row) => row.slice(2)), [
    ["1", "-50.0 %"],
    ["2", "+100.0 %"],
  ]);
  const without = comparisonBlocks([compared({ ratio: null, interval: null })]);
  assert.deepEqual(without.map(({ kind }) => kind), ["table"]);
});

Deno.test("comparisonBlocks() shows the control beside the metrics", () => {
  const [table] = comparisonBlocks([comparedSides(GATE)]);
  assert.ok(table.kind === "table");
  const controls = table.table.rows.filter(([metric]) => metric.includes("control"));
  assert.equal(controls.length, GATE.control.length);
  assert.ok(controls.length > 0);
});

import assert from "node:assert/strict";
import { judgeForeignRuns, parseGateInput } from "../../bench/mod.ts";
import { renderForeignGate } from "./foreign.ts";
import { createPaint } from "../terminal/paint.ts";
import { visibleWidth } from "../terminal/table.ts";

const STYLE = { paint: createPaint(false), columns: 80 };

function runsOf(ttftMs: number, gapMs: number | null) {
  const gap = gapMs === null ? "" : `,"mean_itl_ms":${gapMs}`;
  const input = parseGateInput(
    `{"completed":5,"failed":0,"total_throughput":1,"mean_ttft_ms":${ttftMs}${gap}}`,
    { file: "run.json" },
  );
  return input.kind === "foreign" ? input.runs : [];
}

Deno.test("renderForeignGate() shows ratios, what the files allow, and fits its width", () => {
  const lines = renderForeignGate(judgeForeignRuns(runsOf(100, 10), runsOf(80, 9)), STYLE);
  assert.equal(lines[0], "INCONCLUSIVE  gate/read  sglang results, 1 against 1 run");
  assert.match(lines[2], /mean TTFT \[ms\] +100 +80\.0 +-20\.0 % +– +≤ -5\.0 % +INCONCLUSIVE/);
  assert.match(lines.join(" "), /no interval/);
  assert.ok(lines.every((line) => visibleWidth(line) <= 90));
});

Deno.test("renderForeignGate() leaves out metrics that a file misses", () => {
  const lines = renderForeignGate(judgeForeignRuns(runsOf(100, null), runsOf(80, 9)), STYLE);
  assert.ok(!lines.some((line) => line.includes("mean TBT [ms]")));
  assert.match(lines.join(" "), /mean TBT is missing/);
});

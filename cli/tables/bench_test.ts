import assert from "node:assert/strict";
import { type BenchResult, runBench } from "../../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { describeBudget, renderBenchResult } from "./bench.ts";
import { createPaint } from "../terminal/paint.ts";
import { visibleWidth } from "../terminal/table.ts";

const STYLE = { paint: createPaint(false), columns: 100 };

async function smoke(gates: ("gate/read" | "gate/capacity")[]): Promise<BenchResult> {
  const workload = requireLoaded(await loadWorkload("smoke"));
  return await runBench({ workload, gates, clock: { kind: "model", reason: "No adapter" } });
}

const RESULT = await smoke(["gate/read"]);

function lineOf(result: BenchResult, start: string): string {
  const lines = renderBenchResult(result, STYLE);
  const index = lines.findIndex((line) => line.startsWith(start));
  assert.ok(index >= 0, `no line starts with '${start}'`);
  const end = lines.findIndex((line, at) => at > index && !line.startsWith("   "));
  return lines.slice(index, end).map((line) => line.trim()).join(" ");
}

Deno.test("renderBenchResult() starts with the verdict and shows all three sides", () => {
  const lines = renderBenchResult(RESULT, STYLE);
  assert.match(
    lines[0]!,
    /^(PASS|FAIL) {2}gate\/read {2}headwise against row, model clock, no card, 1 pair$/,
  );
  assert.ok(lines.some((line) => /^ +uniform +uniform-clipped +headwise$/.test(line)));
  assert.ok(lines.some((line) => line.startsWith("  control, uniform with clipped reads: ")));
  for (const row of ["TTFT [ms]   mean", "TBT [ms]    mean", "throughput  output tokens/s"]) {
    assert.ok(lines.some((line) => line.startsWith(row)), row);
  }
});

Deno.test("renderBenchResult() shows the mean of each side as it stands in the result", () => {
  const mean = RESULT.sides[0]!.runs[0]!.performance!.whole.ttftMs!.mean;
  const row = renderBenchResult(RESULT, STYLE).find((line) => line.startsWith("TTFT [ms]   mean"));
  assert.ok(row!.includes(` ${mean.toPrecision(3)} `), row);
});

Deno.test("renderBenchResult() fits into 100 columns, with six sides too", async () => {
  for (const result of [RESULT, await smoke(["gate/read", "gate/capacity"])]) {
    for (const line of renderBenchResult(result, STYLE)) assert.ok(visibleWidth(line) <= 100, line);
  }
});

Deno.test("renderBenchResult() says which clock it is and why", () => {
  assert.match(lineOf(RESULT, "clock"), /^clock +model, .*\(No adapter\); .*ceilings .*B\/s and /);
  const clock = { ...RESULT.clock, kind: "gpu", reason: null, layersMeasured: 2 } as const;
  const environment = { ...RESULT.environment, adapter: "llvmpipe" };
  const text = lineOf({ ...RESULT, clock, environment }, "clock");
  assert.match(text, /^clock +gpu, attention timed on llvmpipe, 2 layers measured; /);
});

Deno.test("renderBenchResult() shows a failed check in place of figures", () => {
  const verification = { ...RESULT.verification, checks: 3, failures: ["headwise, step 4: off"] };
  const sides = RESULT.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({ ...run, performance: null, samples: null })),
  }));
  const failed = { ...RESULT, verification, sides };
  assert.match(lineOf(failed, "checks"), /^checks +1 of 3 FAILED .*: headwise, step 4: off$/);
  assert.match(lineOf(failed, "TTFT [ms]   mean"), / – +– +–/);
});

Deno.test("renderBenchResult() lists failed requests and dropped rows", () => {
  const failedRequests = [1, 2, 3, 4, 5].map((request) => ({ request, reason: "too long" }));
  const [first, ...rest] = RESULT.sides;
  const runs = first!.runs.map((run) => ({ ...run, failedRequests }));
  const requests = { ...RESULT.requests, trace: "t.csv", dropped: { "no output": 2, other: 0 } };
  const result = { ...RESULT, requests, sides: [{ ...first!, runs }, ...rest] };
  const lines = renderBenchResult(result, STYLE);
  const at = lines.indexOf("5 requests failed on uniform:");
  assert.deepEqual(lines.slice(at + 1, at + 5), [
    "  request 1: too long",
    "  request 2: too long",
    "  request 3: too long",
    "  and 2 more in the result file",
  ]);
  assert.match(lineOf(result, "requests "), /from t.csv, rows dropped: 2 no output$/);
});

Deno.test("describeBudget() does not round a used budget to nothing", () => {
  assert.equal(describeBudget(0.0004), "less than 0.1 %");
  assert.equal(describeBudget(1.25), "at most 125.0 %");
});

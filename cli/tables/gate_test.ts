import assert from "node:assert/strict";
import type { BenchResult, Comparison, GateReport } from "../../bench/mod.ts";
import {
  describeClockAndCard,
  describeOutcomeOfGates,
  paintVerdict,
  renderCapacityGate,
  renderGate,
  verdictExitCode,
} from "./gate.ts";
import { createPaint } from "../terminal/paint.ts";
import { visibleWidth } from "../terminal/table.ts";

const STYLE = { paint: createPaint(false), columns: 100 };

const TTFT: Comparison = {
  metric: "mean TTFT",
  unit: "ms",
  better: "lower",
  baseline: 120,
  candidate: 90,
  ratio: 0.75,
  interval: { lower: 0.72, upper: 0.78, confidence: 0.95, degenerate: false },
  threshold: 0.95,
  verdict: "PASS",
  reason: "mean TTFT is at least 22.0 % better",
  minimumDetectableRatio: 0.93,
  pairsToDecide: null,
  pairLogRatios: [-0.29, -0.28],
  requestMedianLogRatios: [],
  requestRatio: null,
  requestInterval: null,
};

const TBT: Comparison = {
  ...TTFT,
  metric: "mean TBT",
  baseline: null,
  candidate: 4.2,
  ratio: null,
  interval: null,
  verdict: "INCONCLUSIVE",
  reason: "mean TBT is missing in a pair",
};

const REPORT: GateReport = {
  gate: "gate/read",
  verdict: "INCONCLUSIVE",
  reasons: [TTFT.reason, TBT.reason],
  baseline: "uniform",
  candidate: "headwise",
  pairs: 2,
  comparisons: [TTFT, TBT],
  control: [{ ...TTFT, candidate: 91, ratio: 91 / 120, threshold: null, verdict: null }],
};

Deno.test("renderGate() puts the verdict first, then a row a metric, the control and why", () => {
  assert.deepEqual(renderGate(REPORT, STYLE), [
    "INCONCLUSIVE  gate/read  headwise against row, 2 pairs",
    "                  baseline  candidate   change      95 % interval  demanded",
    "  mean TTFT [ms]       120       90.0  -25.0 %  -28.0 % … -22.0 %  ≤ -5.0 %  PASS",
    "  mean TBT [ms]          –       4.20        –                  –  ≤ -5.0 %  INCONCLUSIVE",
    "  control, uniform with clipped reads: mean TTFT -24.2\u00a0%; headwise beyond that: -1.1\u00a0%",
    "  mean TTFT is at least 22.0 % better",
    "  mean TBT is missing in a pair",
  ]);
});

Deno.test("renderGate() compares with clipping what is demanded, whatever stands between", () => {
  const shown = { ...TTFT, metric: "p99 TTFT", threshold: null, verdict: null };
  const tbt = { ...TTFT, metric: "mean TBT", ratio: 0.5 };
  const lines = renderGate({
    ...REPORT,
    comparisons: [shown, TTFT, { ...TTFT, metric: "mean TPOT" }, tbt],
    control: [shown, TTFT, tbt],
  }, STYLE);
  const text = lines.join("\n");
  assert.match(
    text,
    /control, .*: mean TTFT .*, mean TBT .*; headwise beyond that:\s+±0.0\s%, ±0.0\s%\n/,
  );
});

Deno.test("renderGate() leaves the reasons of a PASS to the table, and a missing control out", () => {
  const lines = renderGate({ ...REPORT, verdict: "PASS", control: [] }, STYLE);
  assert.equal(lines.length, 4);
  assert.ok(lines[0]!.startsWith("PASS"));
});

Deno.test("renderGate() fits into 100 columns and says when an interval has no width", () => {
  const interval = { lower: 0.75, upper: 0.75, confidence: 0.95, degenerate: true };
  const lines = renderGate({ ...REPORT, comparisons: [{ ...TTFT, interval }] }, STYLE);
  assert.ok(lines.every((line) => visibleWidth(line) <= 100));
  assert.match(lines[2]!, / no noise /);
});

Deno.test("renderCapacityGate() shows the arithmetic before both pool layouts", () => {
  const lines = renderCapacityGate({
    verdict: "FAIL",
    decidedBy: "pooled",
    prediction: {
      heads: 4,
      windowHeads: 3,
      fullHeadPages: 100,
      windowHeadPages: 10,
      pooledGain: 3.0769,
      perHeadGain: 1,
      explanation: "Freed pages stay with their head",
    },
    perHead: { ...REPORT, reasons: ["Freed pages stay with their head"] },
    outcomes: [],
    pooled: REPORT,
  }, STYLE);
  assert.equal(
    lines[0],
    "FAIL  gate/capacity  decided by pooled",
  );
  assert.equal(lines.filter((line) => line === "  Freed pages stay with their head").length, 1);
  assert.equal(lines.filter((line) => line.startsWith("INCONCLUSIVE")).length, 2);
});

Deno.test("verdictExitCode() fails on one FAIL and decides nothing on one INCONCLUSIVE", () => {
  assert.equal(verdictExitCode([]), 0);
  assert.equal(verdictExitCode(["PASS", "PASS"]), 0);
  assert.equal(verdictExitCode(["PASS", "INCONCLUSIVE"]), 3);
  assert.equal(verdictExitCode(["INCONCLUSIVE", "FAIL"]), 1);
});

Deno.test("paintVerdict() gives each verdict its colour", () => {
  const paint = createPaint(true);
  assert.match(paintVerdict("PASS", paint), /\[32m/);
  assert.match(paintVerdict("FAIL", paint), /\[31m/);
  assert.match(paintVerdict("INCONCLUSIVE", paint), /\[33m/);
});

Deno.test("describeOutcomeOfGates() tells times, what goes beyond clipping, and capacity", () => {
  const told = (o: Partial<GateReport> | null, capacityGate: unknown = null) =>
    describeOutcomeOfGates(
      {
        readGate: o === null ? null : { ...REPORT, ...o },
        capacityGate,
      } as Parameters<typeof describeOutcomeOfGates>[0],
    )?.replaceAll("\u00a0", " ");
  const both = { comparisons: [TTFT, { ...TTFT, ratio: 0.5 }] };
  const control = (...ratios: number[]) => ratios.map((ratio) => ({ ...TTFT, ratio }));

  const start = told({ ...both, control: [] })!;
  assert.match(start, /^reads: -25\.0 % TTFT, -50\.0 % TBT against `row`$/);
  assert.equal(
    told({ ...both, control: control(0.75, 1) }),
    `${start}; ±0.0 % and -50.0 % beyond clipping`,
  );
  assert.equal(
    told({ ...both, control: control(0.745, 0.5) }),
    `${start}; nothing beyond clipping`,
  );
  assert.match(
    told({ ...both, control: control(0.74, 0.5) })!,
    /; \+1\.4 % and .* beyond clipping$/,
  );
  const outcomes = [
    { layout: "pooled", replayedOff: 4, replayedOn: 6 },
    { layout: "headwise", replayedOff: 4, replayedOn: null },
  ];
  assert.equal(
    told(null, { outcomes }),
    "capacity ×1.5 with one pool, unknown with a pool per head",
  );
  assert.equal(
    told(null, { outcomes: [] }),
    "capacity not tried, for no request waited for pages",
  );
  assert.equal(told(null), undefined);
});

Deno.test("describeClockAndCard() names the card of the times, and how well a file interpolates", () => {
  const described = (clock: object, adapter: string | null) =>
    describeClockAndCard({ clock, environment: { adapter } } as unknown as BenchResult, "read");
  const rest = "no profile of it behind the rest";
  assert.equal(described({ kind: "gpu" }, "NVIDIA H200"), `gpu clock on NVIDIA H200, ${rest}`);
  assert.equal(described({ kind: "model" }, null), "model clock, no card");
  const table = { card: "NVIDIA H100", leaveOutErrorPercent: { median: 1, p90: 3.14 } };
  assert.equal(
    described({ kind: "table", table }, null),
    `table clock on NVIDIA H100, ±3.1 % interpolated, ${rest}`,
  );
  assert.equal(
    described({ kind: "table", table: { card: null, leaveOutErrorPercent: null } }, null),
    `table clock on an unnamed card, interpolation unchecked, ${rest}`,
  );
});

import assert from "node:assert/strict";
import { createSweepHeader, type SweepRow, type SweepSide } from "../../bench/mod.ts";
import { createPaint } from "../terminal/paint.ts";
import { describePoint, renderSweep } from "./sweep.ts";

const STYLE = { paint: createPaint(false), columns: 100 };
const POINT = {
  windowTokens: null,
  ratio: null,
  contextTokens: null,
  batch: 8,
  pageSizeTokens: null,
};
const HEADER = createSweepHeader({
  fixture: "long-prefill",
  fixtureSha256: "",
  modelSha256: "",
  axes: { windowTokens: [], ratio: [], contextTokens: [], batch: [8, 16], pageSizeTokens: [] },
  gates: ["gate/capacity"],
  clock: "model",
  pairs: null,
  seed: null,
});

function side(name: SweepSide["name"], tokens: number | null): SweepSide {
  return {
    name,
    meanTtftMs: 1,
    meanTbtMs: 1,
    outputTokensPerSecond: tokens,
    meanConcurrency: 4,
    preemptions: 0,
    failedRequests: 0,
  };
}

function row(index: number, changes: Partial<SweepRow>): SweepRow {
  return {
    kind: "point",
    index,
    point: POINT,
    clock: "model",
    verdicts: { "gate/capacity": "PASS" },
    sides: [side("pooled", 100), side("pooled-recycle", 140)],
    error: null,
    ...changes,
  };
}

Deno.test("describePoint() names the axes that vary", () => {
  assert.equal(describePoint(POINT), "batch 8");
  assert.equal(describePoint({ ...POINT, batch: null }), "the fixture as it is");
});

Deno.test("renderSweep() shows changes of the gate's sides and what is still to run", () => {
  const lines = renderSweep({ header: HEADER, rows: [row(0, {})] }, STYLE);
  assert.equal(lines[0], "long-prefill: 1 of 2 points");
  assert.match(lines[2], /8 +\+40\.0 % +±0\.0 % +PASS/);
});

Deno.test("renderSweep() shows missing figures as missing and errors in words", () => {
  const rows = [
    row(0, { sides: [side("pooled", null), side("pooled-recycle", 140)] }),
    row(1, { sides: [], verdicts: {}, error: "the pool is too small" }),
  ];
  const lines = renderSweep({ header: HEADER, rows }, STYLE);
  assert.match(lines[2], /8 +– +±0\.0 %/);
  assert.match(lines[3], / error$/);
  assert.equal(lines[4], "  batch 8: the pool is too small");
});

import assert from "node:assert/strict";
import { gateCapacity } from "./capacity.ts";
import type { SideValues } from "../run/test_support.ts";
import type { BenchResult } from "../result/mod.ts";
import { tinyResult, withValues } from "../run/test_support.ts";

const BASE = await tinyResult();

function throughput(...tokensPerSecond: number[]): SideValues {
  const means = tokensPerSecond.map(() => 1);
  return { ttftMs: means, tbtMs: means, tokensPerSecond };
}

const flat = throughput(100, 101, 99, 100);
/** Requests waited for pages on every side, so that memory bound the batch. */
const waiting = (from: BenchResult): BenchResult => ({
  ...from,
  sides: from.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({
      ...run,
      performance: { ...run.performance!, memoryBoundConcurrency: 2 },
    })),
  })),
});
const result = waiting(withValues(BASE, {
  "headwise": flat,
  "headwise-recycle": flat,
  "pooled": flat,
  "pooled-recycle": throughput(140, 141, 139, 140),
}));

Deno.test("gateCapacity() is decided by the one pool when a full head keeps L1 from gaining", () => {
  const report = gateCapacity(result);
  assert.equal(report.decidedBy, "pooled");
  assert.equal(report.verdict, "PASS");
  assert.equal(report.perHead.verdict, "FAIL");
  assert.match(report.perHead.reasons[0], /the gain is 1/);
});

Deno.test("gateCapacity() is decided by the pools per head when every head has a window", () => {
  const prediction = { ...result.capacityPrediction, windowHeads: 4, heads: 4 };
  const report = gateCapacity({ ...result, capacityPrediction: prediction });
  assert.equal(report.decidedBy, "headwise");
  assert.equal(report.verdict, "FAIL");
  assert.doesNotMatch(report.perHead.reasons[0], /the gain is 1/);
});

Deno.test("gateCapacity() shows concurrency and request throughput beside the verdict", () => {
  const { pooled } = gateCapacity(result);
  assert.deepEqual(
    pooled.comparisons.map(({ metric, verdict }) => [metric, verdict]),
    [
      ["throughput", "PASS"],
      ["request throughput", null],
      ["mean concurrency", null],
      ["concurrency while memory bounds", null],
      ["peak concurrency", null],
    ],
  );
});

Deno.test("gateCapacity() shows predicted against replayed concurrency of both layouts", () => {
  const { outcomes } = gateCapacity(BASE);
  assert.deepEqual(outcomes.map(({ layout }) => layout), ["headwise", "pooled"]);
  const [perHead] = outcomes;
  assert.equal(perHead.predictedOn.side, "headwise-recycle");
  // Three requests fit, so no one ever waits for pages.
  assert.equal(perHead.replayedOff, null);
  assert.equal(perHead.preemptionsOff, 0);
  assert.equal(perHead.predictedOff.boundBy, "slots");
});

Deno.test("gateCapacity() is inconclusive where no request waited for pages, and fails on failed requests", () => {
  const idle = withValues(BASE, {
    "headwise": flat,
    "headwise-recycle": flat,
    "pooled": flat,
    "pooled-recycle": flat,
  });
  const { verdict, pooled } = gateCapacity(idle);
  assert.equal(verdict, "INCONCLUSIVE");
  assert.match(pooled.reasons[0], /no request waited for pages/);
  assert.equal(gateCapacity(waiting(idle)).verdict, "FAIL");
  // More pages that no one waited for cannot be what a gain comes from.
  const gained = gateCapacity(withValues(BASE, {
    "headwise": flat,
    "headwise-recycle": flat,
    "pooled": flat,
    "pooled-recycle": throughput(140, 141, 139, 140),
  }));
  assert.equal(gained.verdict, "INCONCLUSIVE");
  const failedRequests = [{ request: 1, reason: "it needs 9 pages" }];
  const failed = {
    ...idle,
    sides: idle.sides.map((side) => ({
      ...side,
      runs: side.runs.map((run) => ({ ...run, failedRequests })),
    })),
  };
  assert.equal(gateCapacity(failed).verdict, "FAIL");
});

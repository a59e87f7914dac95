import assert from "node:assert/strict";
import type { BenchResult } from "../result/mod.ts";
import { gateRead } from "./read.ts";
import { holdAtEnds, modelErrorOf, sideAtEnd } from "./model_error.ts";
import { tinyResult } from "../run/test_support.ts";

const RESULT = await tinyResult();
const ERROR = { class: "made up", ttft: 0.5, tpot: 0.5, throughput: 0.5 };

function calibrated(error: typeof ERROR): BenchResult {
  const calibration = {
    card: "H100",
    basis: "measured",
    profileOf: "H100",
    measuredAt: "2026-11-28T00:00:00Z",
    software: {},
    factors: {},
    fittedTo: null,
    error,
  } as const;
  return { ...RESULT, clock: { ...RESULT.clock, calibration } };
}

/** A result whose sides have these means of attention and of the rest, in milliseconds. */
function withMeans(
  result: BenchResult,
  means: Partial<Record<string, { attention: number; rest: number }>>,
): BenchResult {
  const sides = result.sides.map((side) => {
    const { attention, rest } = means[side.name] ?? { attention: 10, rest: 10 };
    const runs = side.runs.map((run) => {
      const performance = run.performance!;
      const summary = { ...performance.whole.ttftMs!, mean: attention + rest };
      const only = { ...summary, mean: attention };
      return {
        ...run,
        performance: {
          ...performance,
          whole: { ...performance.whole, ttftMs: summary, tbtMs: summary },
          attentionOnly: { ...performance.attentionOnly, ttftMs: only, tbtMs: only },
        },
      };
    });
    return { ...side, runs };
  });
  return { ...result, sides };
}

Deno.test("gateRead() is INCONCLUSIVE where the verdict turns within the model's error", () => {
  // −6 % of the whole: with half as much rest more, the gain falls below 5 %.
  const means = { uniform: { attention: 50, rest: 50 }, headwise: { attention: 44, rest: 50 } };
  assert.equal(gateRead(withMeans(RESULT, means)).verdict, "PASS");
  const report = gateRead(withMeans(calibrated(ERROR), means));
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.match(
    report.reasons[0],
    /PASS with the modelled rest as it is, FAIL with the rest longer/,
  );
});

Deno.test("gateRead() keeps PASS and FAIL that hold at both ends", () => {
  const clear = { uniform: { attention: 50, rest: 50 }, headwise: { attention: 30, rest: 50 } };
  assert.equal(gateRead(withMeans(calibrated(ERROR), clear)).verdict, "PASS");
  const none = { uniform: { attention: 50, rest: 50 }, headwise: { attention: 50, rest: 50 } };
  assert.equal(gateRead(withMeans(calibrated(ERROR), none)).verdict, "FAIL");
});

Deno.test("modelErrorOf() is null without a profile, and the larger of two", () => {
  assert.equal(modelErrorOf([RESULT, calibrated(ERROR)]), null);
  const worse = calibrated({ ...ERROR, ttft: 0.7 });
  assert.equal(modelErrorOf([calibrated(ERROR), worse])?.ttft, 0.7);
});

Deno.test("sideAtEnd() scales the rest and leaves attention", () => {
  const [side] = withMeans(RESULT, { [RESULT.sides[0].name]: { attention: 30, rest: 20 } }).sides;
  const at = (end: 1 | -1) => sideAtEnd(side, ERROR, end).runs[0].performance!.whole.ttftMs!.mean;
  assert.equal(at(1), 60);
  assert.ok(Math.abs(at(-1) - (30 + 20 / 1.5)) < 1e-12);
  const whole = side.runs[0].performance!;
  const slow = sideAtEnd(side, ERROR, 1).runs[0].performance!;
  const steps = whole.attentionMs + whole.restMs;
  const expected = steps / (whole.attentionMs + 1.5 * whole.restMs);
  assert.ok(
    Math.abs(slow.outputTokensPerSecond! / whole.outputTokensPerSecond! - expected) < 1e-12,
  );
});

Deno.test("sideAtEnd() leaves some of the rest however large the error", () => {
  const [side] = withMeans(RESULT, { [RESULT.sides[0].name]: { attention: 30, rest: 20 } }).sides;
  const large = { ...ERROR, ttft: 3, tpot: 3, throughput: 3 };
  const { ttftMs } = sideAtEnd(side, large, -1).runs[0].performance!.whole;
  assert.equal(ttftMs!.mean, 35);
});

Deno.test("holdAtEnds() never makes a verdict of none", () => {
  const ends = [{ end: 1, verdict: "PASS" }, { end: -1, verdict: "PASS" }] as const;
  assert.equal(holdAtEnds("INCONCLUSIVE", ends, ERROR).verdict, "INCONCLUSIVE");
});

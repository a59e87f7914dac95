import assert from "node:assert/strict";
import { gateRead } from "./read.ts";
import type { BenchResult } from "../result/mod.ts";
import { tinyResult, withValues } from "../run/test_support.ts";

const BASE = await tinyResult();
const uniform = { ttftMs: [100, 102, 98, 101], tbtMs: [10, 10.1, 9.9, 10] };
const better = { ttftMs: [80, 82, 79, 81], tbtMs: [8, 8.1, 7.9, 8] };

Deno.test("gateRead() passes when both means improve by more than 5 %", () => {
  const report = gateRead(withValues(BASE, { uniform, headwise: better }));
  assert.equal(report.verdict, "PASS");
  assert.equal(report.pairs, 4);
  assert.deepEqual(
    report.comparisons.map(({ metric, verdict }) => [metric, verdict]),
    [
      ["mean TTFT", "PASS"],
      ["mean TBT", "PASS"],
      ["mean TTFT, attention only", null],
      ["mean TBT, attention only", null],
    ],
  );
});

Deno.test("gateRead() fails when one of the two means does not improve", () => {
  const headwise = { ttftMs: better.ttftMs, tbtMs: uniform.tbtMs };
  const report = gateRead(withValues(BASE, { uniform, headwise }));
  assert.equal(report.verdict, "FAIL");
  assert.equal(report.comparisons[0].verdict, "PASS");
});

Deno.test("gateRead() fails where requests are gone that no one names as failed", () => {
  const passing = withValues(BASE, { uniform, headwise: better });
  const gone = { ...passing, requests: { ...passing.requests, count: 5 } };
  const report = gateRead(gone);
  assert.equal(report.verdict, "FAIL");
  assert.match(report.reasons[0], /'uniform' served 3 of 5 requests in pair 1, and names 0/);
});

Deno.test("gateRead() gives no verdict of a run that was stopped, and one where it was to be judged", () => {
  const stopped = (values: typeof better, options: Partial<BenchResult["options"]>) => {
    const result = withValues(BASE, { uniform, headwise: values });
    return gateRead({ ...result, options: { ...result.options, ...options } });
  };
  for (const values of [better, uniform]) {
    const held = stopped(values, { pairs: 8 });
    assert.equal(held.verdict, "INCONCLUSIVE");
    assert.match(held.reasons[0], /stopped after 4 of 8 pairs; resume it with --resume/);
    const between = stopped(values, { sequential: { firstPairs: 6, maxPairs: 16 } });
    assert.match(between.reasons[0], /stopped after 4 of 6 pairs/);
  }
  assert.equal(stopped(better, { pairs: 4 }).verdict, "PASS");
  const { reasons } = stopped(better, { sequential: { firstPairs: 4, maxPairs: 16 } });
  assert.doesNotMatch(reasons.join(), /stopped/);
});

Deno.test("gateRead() gives no verdict of times that a coarse timer repeats", () => {
  // A true gain of 7 % that a timer of 5 % shows as 5 %, and one of 4 % that it shows as 5 %.
  for (const shown of [0.95, 0.949]) {
    const side = (mean: number) => ({ ttftMs: Array(4).fill(mean), tbtMs: Array(4).fill(mean) });
    const result = withValues(BASE, { uniform: side(1), headwise: side(shown) });
    const sides = result.sides.map(({ name, ...side }) => ({
      ...side,
      name,
      runs: side.runs.map((run) => {
        const mean = name === "headwise" ? shown : 1;
        const { whole } = run.performance!;
        const coarse = {
          ttftMs: { ...whole.ttftMs!, mean },
          tbtMs: { ...whole.tbtMs!, mean },
        };
        return { ...run, performance: { ...run.performance!, whole: coarse } };
      }),
    }));
    const report = gateRead({ ...result, sides });
    assert.equal(report.verdict, "INCONCLUSIVE", String(shown));
    assert.match(report.reasons.join(), /the same in every run to the last bit/);
  }
});

Deno.test("gateRead() shows the clipped uniform side beside the two", () => {
  const result = withValues(BASE, { uniform, headwise: better, "uniform-clipped": better });
  const { control } = gateRead(result);
  assert.equal(control.length, 4);
  assert.equal(control[0].verdict, null);
  assert.ok(control[0].ratio! < 0.85);
});

Deno.test("gateRead() is inconclusive when a run misses a mean", () => {
  const headwise = { ...better, tbtMs: [8, null, 8, 8] };
  const report = gateRead(withValues(BASE, { uniform, headwise }));
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.equal(report.comparisons[1].candidate, null);
});

Deno.test("gateRead() fails when a request failed, whatever the times say", () => {
  const passing = withValues(BASE, { uniform, headwise: better });
  const sides = passing.sides.map((side) =>
    side.name !== "headwise" ? side : {
      ...side,
      runs: side.runs.map((run) => ({
        ...run,
        failedRequests: [{ request: 7, reason: "it needs 9 pages" }],
      })),
    }
  );
  const report = gateRead({ ...passing, sides });
  assert.equal(report.verdict, "FAIL");
  assert.match(report.reasons[0], /'headwise' failed 4 requests.*request 7: it needs 9 pages/);
});

Deno.test("gateRead() fails when a check failed, for a wrong kernel has no timing", () => {
  const passing = withValues(BASE, { uniform, headwise: better });
  const verification = { ...passing.verification, failures: ["side 'headwise', step 3: wrong"] };
  const report = gateRead({ ...passing, verification });
  assert.equal(report.verdict, "FAIL");
  assert.match(report.reasons[0], /wrong kernel has no timing: side 'headwise', step 3/);
});

Deno.test("gateRead() refuses when a side was not replayed", () => {
  const sides = BASE.sides.filter(({ name }) => name !== "headwise");
  assert.throws(() => gateRead({ ...BASE, sides }), { code: "gate/missing-side" });
});

Deno.test("gateRead() pairs requests by their own ratios", () => {
  const slower = (result: BenchResult, factor: number): BenchResult => ({
    ...result,
    sides: result.sides.map((side) =>
      side.name !== "headwise" ? side : {
        ...side,
        runs: side.runs.map((run, pair) => {
          const twin = result.sides[0].runs[pair].samples!;
          const scale = (values: readonly (number | null)[]): (number | null)[] =>
            values.map((value) => (value === null ? null : value * factor));
          return { ...run, samples: { ...twin, ttftMs: scale(twin.ttftMs) } };
        }),
      }
    ),
  });
  const { comparisons } = gateRead(slower(BASE, 0.5));
  assert.equal(comparisons[0].requestMedianLogRatios.length, 1);
  assert.ok(Math.abs(comparisons[0].requestMedianLogRatios[0] - Math.log(0.5)) < 1e-12);
});

Deno.test("gateRead() passes no three pairs of a clock that measures", () => {
  const three = { ttftMs: [100, 101, 99], tbtMs: [10, 10.1, 9.9] };
  const faster = { ttftMs: [80, 81, 79], tbtMs: [8, 8.1, 7.9] };
  const report = gateRead(withValues(BASE, { uniform: three, headwise: faster }));
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.match(report.reasons[0], /3 pairs of a clock that measures; a PASS needs at least 4/);
  const slower = gateRead(withValues(BASE, { uniform: faster, headwise: three }));
  assert.equal(slower.verdict, "FAIL");
});

Deno.test("gateRead() judges the pair that is named, and shows every other pair beside it", () => {
  const readPair = { baseline: "uniform-clipped", candidate: "headwise" } as const;
  const named = { ...BASE, options: { ...BASE.options, readPair } };
  const report = gateRead(withValues(named, { "uniform-clipped": uniform, "headwise": better }));
  assert.equal(report.baseline, "uniform-clipped");
  assert.equal(report.verdict, "PASS");
  assert.deepEqual(report.control, []);
  assert.deepEqual(report.others?.map(({ baseline, candidate }) => [baseline, candidate]), [
    ["uniform", "uniform-clipped"],
    ["uniform", "headwise"],
  ]);
  assert.ok(
    report.others?.every(({ comparisons }) =>
      comparisons.every(({ verdict, threshold }) => verdict === null && threshold === null)
    ),
  );
});

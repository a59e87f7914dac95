import assert from "node:assert/strict";
import { compareResults, judgeRegression } from "./compare_results.ts";
import { tinyResult, withValues } from "../run/test_support.ts";

const BASE = await tinyResult();
const slow = withValues(BASE, {
  headwise: { ttftMs: [100, 101, 99, 100], tbtMs: [10, 10.1, 9.9, 10] },
});
const fast = withValues(BASE, { headwise: { ttftMs: [80, 81, 79, 80], tbtMs: [8, 8.1, 7.9, 8] } });
const SIDES = { baseline: "headwise", candidate: "headwise" } as const;

Deno.test("compareResults() passes and fails unpaired runs only when they are accepted", () => {
  for (const [before, after, verdict] of [[slow, fast, "PASS"], [fast, slow, "FAIL"]] as const) {
    const report = compareResults(before, after, SIDES);
    assert.equal(report.verdict, "INCONCLUSIVE");
    assert.match(report.reasons.at(-1)!, /not interleaved.*--accept-unpaired/);
    const accepted = compareResults(before, after, { ...SIDES, acceptUnpaired: true });
    assert.equal(accepted.verdict, verdict);
    assert.match(accepted.reasons.at(-1)!, /not interleaved/);
  }
});

Deno.test("judgeRegression() gives no verdict where either run was stopped, accepted or not", () => {
  const stopped = (result: typeof slow, options: Partial<typeof slow.options>) => ({
    ...result,
    options: { ...result.options, ...options },
  });
  const accepted = { ...SIDES, acceptUnpaired: true };
  for (
    const [before, after, whose] of [
      [slow, stopped(fast, { pairs: 16 }), /the run of the candidate was stopped after 4 of 16/],
      [stopped(slow, { pairs: 16 }), fast, /the run of the baseline was stopped after 4 of 16/],
      [stopped(fast, { sequential: { firstPairs: 6, maxPairs: 16 } }), slow, /4 of 6 pairs/],
    ] as const
  ) {
    for (
      const report of [
        compareResults(before, after, accepted),
        judgeRegression(before, after, accepted),
      ]
    ) {
      assert.equal(report.verdict, "INCONCLUSIVE");
      assert.match(report.reasons.join(), whose);
    }
  }
});

Deno.test("compareResults() fails on failed requests of unpaired runs, which no drift explains", () => {
  const sides = fast.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({ ...run, failedRequests: [{ request: 1, reason: "none" }] })),
  }));
  assert.equal(compareResults(slow, { ...fast, sides }, SIDES).verdict, "FAIL");
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
  assert.throws(() => compareResults(BASE, trace), /bytes of the trace is/);
});

Deno.test("compareResults() names everything that differs, with both values", () => {
  const other = {
    ...BASE,
    options: { ...BASE.options, pageOrder: "identity" as const },
    environment: { ...BASE.environment, adapter: "another card" },
    workload: {
      ...BASE.workload,
      settings: { ...BASE.workload.settings, "scheduler.maxSequences": 99 },
    },
  };
  const message = (() => {
    try {
      judgeRegression(BASE, other);
    } catch (error) {
      return String(error);
    }
    return "compared";
  })();
  assert.match(message, /scheduler\.maxSequences is '\d+' in one and '99' in the other/);
  assert.match(message, /page order is 'shuffled' in one and 'identity' in the other/);
  assert.match(message, /card is 'none' in one and 'another card' in the other/);
});

Deno.test("judgeRegression() compares each side with itself, and fails one that became slower", () => {
  const worse = withValues(BASE, { headwise: { ttftMs: [165, 166, 164], tbtMs: [10, 10, 10] } });
  const before = withValues(BASE, { headwise: { ttftMs: [100, 101, 99], tbtMs: [10, 10, 10] } });
  const report = judgeRegression(before, worse, { acceptUnpaired: true });
  assert.equal(report.verdict, "FAIL");
  const verdicts = report.sides.map(({ baseline, candidate, verdict }) => [
    baseline,
    candidate,
    verdict,
  ]);
  assert.ok(verdicts.every(([baseline, candidate]) => baseline === candidate));
  assert.deepEqual(verdicts.find(([side]) => side === "headwise")?.[2], "FAIL");
});

Deno.test("judgeRegression() never passes measured runs of two files by itself", () => {
  const again = withValues(BASE, {
    headwise: { ttftMs: [100, 101, 98.9, 100], tbtMs: [10, 10.1, 9.89, 10] },
  });
  const side = "headwise" as const;
  assert.equal(judgeRegression(slow, again, { side }).verdict, "INCONCLUSIVE");
  assert.equal(
    judgeRegression(slow, again, { side, maxRegression: 0.1, acceptUnpaired: true })
      .verdict,
    "PASS",
  );
});

Deno.test("judgeRegression() judges by the margin that is stated", () => {
  const values = (ttft: number) =>
    withValues(BASE, {
      headwise: { ttftMs: [ttft, ttft * 1.001, ttft * 0.999, ttft], tbtMs: [9, 9, 9, 9] },
    });
  const judge = (maxRegression: number) =>
    judgeRegression(values(100), values(104), {
      maxRegression,
      acceptUnpaired: true,
      side: "headwise",
    }).verdict;
  assert.equal(judge(0.02), "FAIL");
  assert.equal(judge(0.06), "PASS");
  assert.throws(() => judge(2), /maxRegression '2'/);
});

Deno.test("judgeRegression() refuses the same measured run twice, and a side that is not in both", () => {
  assert.throws(
    () => judgeRegression(slow, slow),
    /'the baseline' and 'the candidate' hold the same/,
  );
  assert.throws(() => judgeRegression(BASE, structuredClone(BASE)), /hold the same measured run/);
  // A clock without noise gives a later run the same times.
  const later = { ...BASE, createdAt: "2099-01-01T00:00:00Z" };
  assert.equal(judgeRegression(BASE, later).verdict, "PASS");
  const fewer = { ...BASE, sides: BASE.sides.filter(({ name }) => name !== "headwise") };
  assert.throws(
    () => judgeRegression(BASE, fewer, { side: "headwise" }),
    /side 'headwise' is in both; one has .*headwise/,
  );
});

Deno.test("judgeRegression() and compareResults() refuse a run that both files hold, whatever else differs", () => {
  const reversed = Object.fromEntries(Object.entries(slow).reverse()) as typeof slow;
  const resumed = {
    ...slow,
    sides: slow.sides.map((side) => ({
      ...side,
      runs: [...fast.sides.find(({ name }) => name === side.name)!.runs, side.runs[0]],
    })),
  };
  const oneSide = { ...slow, sides: slow.sides.filter(({ name }) => name === "headwise") };
  const renumbered = {
    ...slow,
    createdAt: "2099-01-01T00:00:00Z",
    sides: slow.sides.map((side) => ({
      ...side,
      runs: side.runs.map((run) => ({ ...run, pair: run.pair + 7, order: run.order + 70 })),
    })),
  };
  const names = ["a.json", "b.json"] as const;
  for (const other of [slow, reversed, resumed, oneSide, renumbered]) {
    assert.throws(
      () => judgeRegression(slow, other, { names, acceptUnpaired: true }),
      /'a\.json' and 'b\.json' hold the same/,
    );
    assert.throws(
      () => compareResults(slow, other, { ...SIDES, names }),
      /'a\.json' and 'b\.json'/,
    );
  }
  // Two sides of one file were interleaved, and are two samples.
  assert.doesNotMatch(compareResults(slow, reversed).reasons.join(), /not interleaved/);
});

Deno.test("judgeRegression() names versions and commits that differ, and compares all the same", () => {
  const newer = { ...BASE, environment: { ...BASE.environment, headwise: "9.9.9" } };
  const older = { ...BASE, environment: { ...BASE.environment, headwise: "0.1.0" } };
  const { verdict, reasons } = judgeRegression(older, newer);
  assert.equal(verdict, "PASS");
  assert.equal(reasons[0], "version: '0.1.0' against '9.9.9'");
});

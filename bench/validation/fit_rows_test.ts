import assert from "node:assert/strict";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { NO_FACTORS, openCard, SHIPPED_PROFILES } from "../card/mod.ts";
import { placementOfWorkload, servedWorkload } from "../clock/mod.ts";
import type { ForeignRun } from "../foreign/mod.ts";
import { BenchError } from "../result/mod.ts";
import { fitFactors } from "./fit.ts";
import { fitRowsOf } from "./fit_rows.ts";

const workload = requireLoaded(
  await loadWorkload("decode-heavy", {
    overrides: [{ path: "requests.count", value: 6, origin: "test" }],
  }),
);
const cost = {
  card: openCard("H100", SHIPPED_PROFILES()),
  links: [],
  model: servedWorkload(workload),
  placement: placementOfWorkload(workload),
  promptKernel: "cudnn",
  decodeKernel: "cudnn",
  factors: NO_FACTORS,
};

function run(changes: Partial<ForeignRun>): ForeignRun {
  return {
    tool: "vllm",
    recognisedBy: "endpoint_type",
    origin: "a.json",
    settings: { request_rate: "inf", max_concurrency: "8" },
    completed: 6,
    failed: 0,
    inputTokens: null,
    outputTokens: null,
    meanTtftMs: 1,
    meanGapMs: null,
    meanTpotMs: 1,
    meanEndToEndMs: null,
    outputTokensPerSecond: 1,
    requestsPerSecond: null,
    goodputPerSecond: null,
    percentilesMs: {},
    requests: null,
    content: null,
    ...changes,
  };
}

/** Figures that the simulation itself gives under some factors, as if they had been measured. */
function measuredAs(origin: string, factors: typeof NO_FACTORS, settings: ForeignRun["settings"]) {
  const [row] = fitRowsOf([run({ origin, settings })], { workload, cost });
  const [ttft, tpot, rate] = row.residuals(factors).map(Math.exp);
  return run({
    origin,
    settings,
    meanTtftMs: ttft,
    meanTpotMs: tpot,
    outputTokensPerSecond: rate,
  });
}

Deno.test("a fit to results finds the factors that made them", () => {
  const truth = { ...NO_FACTORS, weightReads: 1.4 };
  const runs = [
    measuredAs("a.json", truth, { max_concurrency: "2" }),
    measuredAs("b.json", truth, { max_concurrency: "6" }),
  ];
  const { factors, leaveOneOutError } = fitFactors(fitRowsOf(runs, { workload, cost }), [
    "weightReads",
  ]);
  assert.ok(Math.abs(factors.weightReads - 1.4) < 0.01);
  assert.ok(leaveOneOutError!.worst < 0.01);
});

Deno.test("fitRowsOf() refuses a result of other lengths, and one without a figure", () => {
  const refused = (changes: Partial<ForeignRun>, expected: RegExp): void =>
    assert.throws(
      () => fitRowsOf([run(changes)], { workload, cost }),
      (error) => error instanceof BenchError && expected.test(error.message),
    );
  refused({ inputTokens: 6 }, /a\.json.*mean prompt has 1\.0 tokens.*--fixture/);
  refused(
    { meanTtftMs: null, meanTpotMs: null, outputTokensPerSecond: null },
    /neither TTFT nor TPOT/,
  );
});

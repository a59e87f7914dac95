import assert from "node:assert/strict";
import { readGateInput } from "./file.ts";
import { type ForeignGateOptions, judgeForeignRuns } from "./gate.ts";
import type { ForeignRun } from "./types.ts";

async function runsOf(name: string): Promise<readonly ForeignRun[]> {
  const input = await readGateInput(`bench/testdata/${name}`);
  return input.kind === "foreign" ? input.runs : [];
}

async function judge(tool: string, o?: ForeignGateOptions & { suffix?: string }) {
  const suffix = o?.suffix ?? "json";
  const sides = await Promise.all(
    ["baseline", "candidate"].map((side) => runsOf(`${tool}-${side}.${suffix}`)),
  );
  return judgeForeignRuns(sides[0], sides[1], o);
}

Deno.test("judgeForeignRuns() never passes aggregates unless the point estimate is accepted", async () => {
  const report = await judge("vllm");
  assert.equal(report.statistics, "aggregates");
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.match(report.allowed, /no interval/);
  assert.match(report.reasons[0], /ratio 0\.8\d+ of one run a side.*--accept-point-estimate/);
  assert.equal(report.comparisons[0].interval, null);
  const accepted = await judge("vllm", { acceptPointEstimate: true });
  assert.equal(accepted.verdict, "PASS");
  // Not interleaved is a lesser matter than no interval: accepting that changes nothing here.
  assert.equal((await judge("vllm", { acceptUnpaired: true })).verdict, "INCONCLUSIVE");
});

Deno.test("judgeForeignRuns() fails an accepted point estimate that misses the threshold", async () => {
  const [slow, fast] = [await runsOf("vllm-baseline.json"), await runsOf("vllm-candidate.json")];
  const report = judgeForeignRuns(fast, slow, { acceptPointEstimate: true });
  assert.equal(report.verdict, "FAIL");
  const capacity = judgeForeignRuns(slow, fast, {
    gate: "gate/capacity",
    acceptPointEstimate: true,
  });
  assert.equal(capacity.verdict, "FAIL");
  assert.ok(capacity.comparisons[0].ratio! > 1.1);
});

Deno.test("judgeForeignRuns() pairs requests when raw values are there, and still has no interval", async () => {
  for (const tool of ["vllm-detailed", "fastdeploy"]) {
    const report = await judge(tool);
    assert.equal(report.statistics, "requests");
    assert.equal(report.verdict, "INCONCLUSIVE");
    assert.equal(report.comparisons[0].interval, null);
    const [median] = report.comparisons[0].requestMedianLogRatios;
    assert.ok(Math.abs(Math.exp(median) - 0.85) < 0.02, `${median}`);
  }
});

Deno.test("judgeForeignRuns() pairs no requests when the prompts differ", async () => {
  const [base] = await runsOf("vllm-detailed-baseline.json");
  const [other] = await runsOf("vllm-detailed-candidate.json");
  const inputTokens = other.requests!.inputTokens.toReversed();
  const report = judgeForeignRuns([base], [{
    ...other,
    requests: { ...other.requests!, inputTokens },
  }]);
  assert.equal(report.statistics, "aggregates");
});

Deno.test("judgeForeignRuns() gives an interval over several runs a side", async () => {
  const report = await judge("sglang", { suffix: "jsonl" });
  assert.equal(report.statistics, "runs");
  assert.deepEqual(report.runs, { baseline: 3, candidate: 4 });
  assert.ok(report.comparisons[0].interval!.upper < 0.95);
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.match(report.reasons.join(), /--accept-unpaired/);
  assert.match(report.reasons.join(), /do not say how many requests failed/);
  const accepted = await judge("sglang", { suffix: "jsonl", acceptUnpaired: true });
  assert.equal(accepted.verdict, "PASS");
});

Deno.test("judgeForeignRuns() fails when a request failed, whatever the ratio", async () => {
  const [base, other] = [await runsOf("vllm-baseline.json"), await runsOf("vllm-candidate.json")];
  const report = judgeForeignRuns(base, [{ ...other[0], failed: 1 }], {
    acceptPointEstimate: true,
  });
  assert.equal(report.verdict, "FAIL");
  assert.match(report.reasons[0], /vllm-candidate\.json' failed 1 requests/);
});

Deno.test("judgeForeignRuns() is inconclusive when a mean is missing", async () => {
  const [base, other] = [await runsOf("vllm-baseline.json"), await runsOf("vllm-candidate.json")];
  const report = judgeForeignRuns(base, [{ ...other[0], meanGapMs: null }], {
    acceptPointEstimate: true,
  });
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.equal(report.comparisons[1].ratio, null);
});

Deno.test("judgeForeignRuns() refuses runs that are not comparable", async () => {
  const vllm = await runsOf("vllm-baseline.json");
  const cases: [readonly ForeignRun[], RegExp][] = [
    [await runsOf("fastdeploy-baseline.json"), /benchmark is 'vllm' in .* and 'fastdeploy'/],
    [[{ ...vllm[0], settings: { request_rate: "2" } }], /request_rate is 'inf'/],
    [[{ ...vllm[0], inputTokens: 1 }], /prompt tokens is/],
    [[{ ...vllm[0], completed: 3, failed: null }], /completed requests is '8'/],
  ];
  for (const [runs, message] of cases) {
    assert.throws(() => judgeForeignRuns(vllm, runs), message);
  }
});

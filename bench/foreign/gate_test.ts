// deno-lint-ignore-file camelcase -- names of the field and of the format that is read
import assert from "node:assert/strict";
import { parseGateInput, readGateInput } from "./file.ts";
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
  assert.match(report.reasons[0], /ratio 0\.8\d+ of one run per side.*--accept-point-estimate/);
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

Deno.test("judgeForeignRuns() gives an interval over several runs per side", async () => {
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

Deno.test("judgeForeignRuns() fails several runs by their times only when unpaired ones are accepted", async () => {
  const [slow, fast] = [
    await runsOf("sglang-baseline.jsonl"),
    await runsOf("sglang-candidate.jsonl"),
  ];
  const report = judgeForeignRuns(fast, slow);
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.match(report.reasons.join(), /--accept-unpaired/);
  assert.equal(judgeForeignRuns(fast, slow, { acceptUnpaired: true }).verdict, "FAIL");
  const failed = slow.map((each) => ({ ...each, failed: 1 }));
  assert.equal(judgeForeignRuns(fast, failed).verdict, "FAIL");
});

Deno.test("judgeForeignRuns() judges no times of files that do not count output tokens", () => {
  for (const [left, right] of [[{}, UNCOUNTED], [UNCOUNTED, {}], [UNCOUNTED, UNCOUNTED]]) {
    for (const ttft of [100, 400]) {
      const report = judgeForeignRuns(
        [run({ ...left })],
        [run({ ...right, mean_ttft_ms: ttft, mean_itl_ms: 20, mean_tpot_ms: 20 })],
        { acceptPointEstimate: true },
      );
      assert.equal(report.verdict, "INCONCLUSIVE");
      assert.match(report.reasons[0], /does not say how many output tokens/);
    }
  }
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

const run = (o: Record<string, unknown>): ForeignRun => {
  const record = {
    total_token_throughput: 900,
    completed: 100,
    failed: 0,
    total_input_tokens: 1000,
    total_output_tokens: 2000,
    mean_ttft_ms: 200,
    mean_itl_ms: 30,
    mean_tpot_ms: 30,
    output_throughput: 640,
    ...o,
  };
  const input = parseGateInput(JSON.stringify(record), { file: `${JSON.stringify(o)}.json` });
  assert.ok(input.kind === "foreign");
  return input.runs[0];
};
const UNCOUNTED = { total_output_tokens: undefined };
const judgeOne = (o: Record<string, unknown>, options: ForeignGateOptions = {}) =>
  judgeForeignRuns([run({})], [run(o)], { acceptPointEstimate: true, ...options });

Deno.test("judgeForeignRuns() passes no gain that another metric pays for", () => {
  const faster = { mean_ttft_ms: 150, mean_itl_ms: 20, mean_tpot_ms: 20 };
  assert.equal(judgeOne(faster).verdict, "PASS");
  for (const worse of [{ mean_tpot_ms: 60 }, { output_throughput: 400 }, { mean_itl_ms: 40 }]) {
    const report = judgeOne({ ...faster, ...worse });
    assert.equal(report.verdict, "FAIL", JSON.stringify(worse));
  }
});

Deno.test("judgeForeignRuns() does not pass what only one file holds", () => {
  const slower = judgeForeignRuns(
    [run({ request_throughput: 5 })],
    [run({ mean_ttft_ms: 150, mean_itl_ms: 20, mean_tpot_ms: 20 })],
    { acceptPointEstimate: true },
  );
  assert.equal(slower.verdict, "INCONCLUSIVE");
});

Deno.test("judgeForeignRuns() refuses answers of another length", () => {
  for (const tokens of [1000, 1890, 2200]) {
    assert.throws(
      () => judgeOne({ total_output_tokens: tokens, mean_ttft_ms: 100 }),
      /output tokens are 2000 in .* more than 5 % apart/,
    );
  }
  assert.equal(judgeOne({ total_output_tokens: 1960, mean_ttft_ms: 201 }).verdict, "FAIL");
});

Deno.test("judgeForeignRuns() refuses a run that is given twice, on a side or on both", () => {
  const [one, other] = [run({ duration: 1 }), run({ mean_ttft_ms: 100 })];
  const again = { ...one, origin: "b" };
  const options = { gate: "gate/regression", acceptPointEstimate: true } as const;
  const table: readonly (readonly [readonly ForeignRun[], readonly ForeignRun[]])[] = [
    [[one], [again]],
    [[one, again], [other]],
    [[other], [one, again]],
    [[other, one], [again]],
    [[one], [other, again]],
  ];
  for (const [baseline, candidate] of table) {
    assert.throws(
      () => judgeForeignRuns(baseline, candidate, options),
      new RegExp(`'${one.origin}' and 'b' hold the same measured run`),
    );
  }
  judgeForeignRuns([one], [other], options);
});

Deno.test("judgeForeignRuns() tells a run by what was measured, however its file is written", async () => {
  const text = await Deno.readTextFile("bench/testdata/vllm-detailed-baseline.json");
  const record: Record<string, unknown> = JSON.parse(text);
  const written: Readonly<Record<string, string>> = {
    "its keys in another order": JSON.stringify(
      Object.fromEntries(Object.entries(record).reverse()),
    ),
    "indented": JSON.stringify(record, null, 8),
    "another date": JSON.stringify({ ...record, date: "20990101-000000" }),
    "other aggregates": JSON.stringify({ ...record, mean_ttft_ms: 1 }),
  };
  const runsOfText = (content: string, file: string): readonly ForeignRun[] => {
    const input = parseGateInput(content, { file });
    return input.kind === "foreign" ? input.runs : [];
  };
  for (const [way, content] of Object.entries(written)) {
    assert.throws(
      () => judgeForeignRuns(runsOfText(text, "a.json"), runsOfText(content, "b.json")),
      /'a\.json' and 'b\.json' hold the same/,
      way,
    );
  }
});

Deno.test("judgeForeignRuns() decides nothing by two files whose aggregates are the same", () => {
  const one = run({ date: "20260101-000000", "request_goodput:": null });
  const other = { ...run({ date: "20260102-000000", request_goodput: null }), origin: "b" };
  const options = { gate: "gate/regression", acceptPointEstimate: true } as const;
  const { verdict, reasons } = judgeForeignRuns([one], [other], options);
  assert.equal(verdict, "INCONCLUSIVE");
  assert.equal(reasons[0], `'${one.origin}' and 'b' hold the same values, which shows nothing`);
  // As samples of one side they are one.
  const faster = run({ mean_ttft_ms: 1 });
  assert.throws(() => judgeForeignRuns([one, other], [faster], options), /hold the same/);
});

Deno.test("judgeForeignRuns() judges a regression by the margin that is stated", () => {
  const options = { gate: "gate/regression" } as const;
  assert.equal(judgeOne({ mean_ttft_ms: 203 }, options).verdict, "PASS");
  assert.equal(judgeOne({ mean_ttft_ms: 210 }, options).verdict, "FAIL");
  assert.equal(
    judgeOne({ mean_ttft_ms: 210 }, { ...options, maxRegression: 0.06 }).verdict,
    "PASS",
  );
});

Deno.test("judgeForeignRuns() buys no mean with a median or a tail", async () => {
  const text = await Deno.readTextFile("bench/testdata/vllm-baseline.json");
  const runOf = (changes: Record<string, number>): readonly ForeignRun[] => {
    const record = { ...JSON.parse(text), ...changes };
    const input = parseGateInput(JSON.stringify(record), { file: "run.json" });
    return input.kind === "foreign" ? input.runs : [];
  };
  const before = {
    ...{ mean_ttft_ms: 200, mean_itl_ms: 20, mean_tpot_ms: 20, mean_e2el_ms: 2000 },
    ...{ median_ttft_ms: 190, "p99.9_itl_ms": 90, p90_tpot_ms: 30, p99_e2el_ms: 4000 },
  };
  const after = { ...before, mean_ttft_ms: 160, mean_itl_ms: 16, mean_tpot_ms: 16 };
  const verdictOf = (changes: Record<string, number>): string =>
    judgeForeignRuns(runOf(before), runOf({ ...after, ...changes }), { acceptPointEstimate: true })
      .verdict;
  assert.equal(verdictOf({}), "PASS");
  const tails = ["median_ttft_ms", "p99.9_itl_ms", "p90_tpot_ms", "p99_e2el_ms"] as const;
  for (const key of tails) {
    assert.equal(verdictOf({ [key]: before[key] * 1.019 }), "PASS", key);
    assert.equal(verdictOf({ [key]: before[key] * 1.03 }), "FAIL", key);
  }
});

Deno.test("judgeForeignRuns() passes no run whose own values contradict each other", () => {
  const runOf = (o: Record<string, number>): readonly ForeignRun[] => {
    const values = {
      completed: 10,
      failed: 0,
      total_token_throughput: 1,
      total_output_tokens: 100,
      mean_ttft_ms: 100,
      median_ttft_ms: 90,
      p90_ttft_ms: 150,
      "p99.9_ttft_ms": 300,
      mean_itl_ms: 10,
      ...o,
    };
    const input = parseGateInput(JSON.stringify(values), { file: "run.json" });
    assert.ok(input.kind === "foreign");
    return input.runs;
  };
  const slow = runOf({ mean_ttft_ms: 200, median_ttft_ms: 190, p90_ttft_ms: 290, mean_itl_ms: 20 });
  const judge = (values: Record<string, number>) =>
    judgeForeignRuns(slow, runOf(values), { acceptPointEstimate: true });
  assert.equal(judge({}).verdict, "PASS");
  // Half of the median is the least that a mean can be.
  assert.equal(judge({ mean_ttft_ms: 45 }).verdict, "PASS");
  const contradictions: readonly (readonly [Record<string, number>, string])[] = [
    [{ mean_ttft_ms: 44 }, "mean TTFT below half of the median"],
    [{ mean_ttft_ms: 0.1 }, "mean TTFT below half of the median"],
    [{ mean_itl_ms: 5, median_itl_ms: 12 }, "mean TBT below half of the median"],
  ];
  for (const [values, what] of contradictions) {
    const { verdict, reasons } = judge(values);
    assert.equal(verdict, "INCONCLUSIVE", what);
    assert.ok(reasons.includes(`'run.json' contradicts itself: ${what}`), reasons.join("\n"));
  }
});

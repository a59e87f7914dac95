/** Readers of result files, ours and foreign ones, and of the files beside them. */
import {
  builtinKernelCases,
  compareResults,
  judgeForeignRuns,
  parseCardProfile,
  parseFaults,
  parseFit,
  parseGateInput,
  parseKernelCases,
  parseKernelResult,
  parseLiveResult,
  parseObjectives,
  parseResult,
  parseSweep,
  readPublished,
  renderReportMarkdown,
  runBench,
  serializeResult,
  serializeSweep,
} from "../../bench/mod.ts";
import { csvLine } from "../../bench/report/csv.ts";
import kernelCaseText from "../../bench/kernel/cases.yaml" with { type: "text" };
import { tinyKernelResult } from "../../bench/kernel/test_support.ts";
import { LIVE, SWEEP } from "../../bench/report/report_test_support.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { requireDiagnosed } from "./targets_fixtures.ts";
import { type FuzzTarget, textOf } from "./target.ts";

const file = "fuzzed";
const testData = (name: string): string =>
  Deno.readTextFileSync(new URL(`../../bench/testdata/${name}`, import.meta.url));

const RESULT = await tinyResult();
const CASES = builtinKernelCases().length;

const PUBLISHED_ROW = [
  "- id: one",
  "  source: a page",
  "  gpu: H100 80GB SXM",
  "  tp: 1",
  "  engine: vLLM",
  "  model: m",
  "  input_tokens: 100",
  "  output_tokens: 10.5",
  "  rate_per_s: all-at-once",
  "  concurrency: 4",
  "  ttft_ms: { mean: 10, p50: null }",
  "  tpot_ms: { mean: 5 }",
  "  itl_ms: {}",
  "  workload: random",
  "  trust: high",
  "  notes: made up",
].join("\n");

/** Readers of results. */
export const RESULT_TARGETS: readonly FuzzTarget[] = [
  {
    name: "bench/card-profile",
    seeds: [
      Deno.readTextFileSync(
        new URL("../../bench/card/profile/cards/h200-sxm.json", import.meta.url),
      ),
    ],
    errors: ["BenchError"],
    read: (input) => parseCardProfile(textOf(input), { file }),
  },
  {
    name: "bench/fit",
    seeds: [JSON.stringify({
      format: "headwise-fit/1",
      card: "H100",
      workload: "w",
      fittedTo: ["a.json"],
      factors: {
        promptAttention: 1,
        decodeAttention: 1,
        products: 1.1,
        weightReads: 1,
        stepOverheadMs: 0.5,
      },
      fitted: ["products"],
      leaveOneOutError: { median: 0.1, worst: 0.2 },
    })],
    errors: ["BenchError"],
    read: (input) => parseFit(textOf(input), { file }),
  },
  {
    name: "bench/published",
    seeds: [PUBLISHED_ROW],
    words: ["ttft_ms", "rate_per_s", "all-at-once", "ab_base", "geometry"],
    errors: ["FixtureError"],
    read: (input) => readPublished(new Map([[`${file}.yaml`, textOf(input)]])),
  },
  {
    name: "bench/result",
    seeds: [serializeResult(RESULT)],
    errors: ["ResultError", "BenchError"],
    read: (input) => {
      const candidate = parseResult(textOf(input), { file });
      return compareResults(RESULT, candidate);
    },
  },
  {
    name: "bench/gate-input",
    seeds: [
      ...["vllm-baseline.json", "vllm-detailed-baseline.json", "fastdeploy-baseline.json"],
      "sglang-baseline.jsonl",
    ].map(testData),
    words: ['"completed": ', '"request_goodput:": ', '"errors": []'],
    errors: ["ResultError", "BenchError"],
    read: (input) => {
      const given = parseGateInput(textOf(input), { file });
      if (given.kind === "own") return;
      // The same run on both sides is refused; what it says of each request stays as it was read.
      const faster = given.runs.map((run, index) => ({
        ...run,
        meanTtftMs: run.meanTtftMs === null ? null : run.meanTtftMs * 0.9,
        content: `faster ${index}`,
      }));
      return judgeForeignRuns(given.runs, faster, { acceptUnpaired: true });
    },
  },
  {
    name: "bench/kernel-result",
    seeds: [JSON.stringify(tinyKernelResult())],
    errors: ["ResultError"],
    read: (input) => parseKernelResult(textOf(input), { file }),
  },
  {
    name: "bench/live-result",
    seeds: [serializeResult(LIVE)],
    errors: ["ResultError"],
    read: (input) => parseLiveResult(textOf(input), { file }),
  },
  {
    name: "bench/sweep",
    seeds: [serializeSweep(SWEEP.header, SWEEP.rows)],
    errors: ["ResultError"],
    read: (input) => parseSweep(textOf(input), { file }),
  },
  {
    name: "bench/kernel-cases",
    seeds: [kernelCaseText],
    words: ["shape: ", "requests: ", "contextTokens: "],
    errors: ["FixtureError"],
    read: (input) => {
      const cases = requireDiagnosed(parseKernelCases(textOf(input), { file }));
      if (cases.length > CASES * 1000) throw new Error(`${cases.length} cases`);
    },
  },
  {
    name: "bench/markup",
    seeds: ["a finding of `x`: see http://e.x and [y](z), a|b\n- item\n1. two", 'a,"b"\r\n=1+1'],
    words: ["```", "<!--", "@someone", "#12", "&lt;", "www.", "://"],
    errors: [],
    read: (input) => writeMarkup(textOf(input)),
  },
  {
    name: "bench/fault-list",
    seeds: ["status=5,disconnect=7,stall=9"],
    errors: ["BenchError"],
    read: (input) => parseFaults(textOf(input)),
  },
  {
    name: "bench/objectives",
    seeds: ["ttft=200ms,tbt=50ms", "e2e=2s"],
    errors: ["BenchError"],
    read: (input) => parseObjectives(textOf(input)),
  },
];

async function tinyResult() {
  const workload = requireLoaded(await loadWorkload("smoke"));
  const requests = [0, 1, 2].map((id) => ({ id, arrivalMs: id, inputTokens: 60, outputTokens: 3 }));
  return await runBench({
    workload,
    trace: { name: "three.csv", sha256: "", dropped: {}, requests },
    ceilings: { memoryBytesPerSecond: 1e12, flopsPerSecond: 1e14, note: "fuzzing" },
    clock: { kind: "model", reason: null },
    maxChecks: 1,
  });
}

/** Shows a foreign text in every form that a report has. */
function writeMarkup(text: string): void {
  csvLine([text]);
  const table = { caption: text, columns: [{ title: text }], rows: [[text]] };
  const markdown = renderReportMarkdown([{
    file: text,
    title: text,
    verdict: { word: "measured", tone: "none" },
    findings: [text],
    blocks: [
      { kind: "text", text },
      { kind: "table", table },
      { kind: "facts", title: text, facts: [[text, text]], command: text },
    ],
  }]);
  if (/[^\P{C}\n\t\u200c\u200d]/u.test(markdown.replaceAll(/[\p{Cn}\p{Co}]/gu, ""))) {
    throw new Error("a control character is left");
  }
}

import { headMapFromPattern } from "../../allocator/mod.ts";
import {
  type BenchResult,
  type CapacityGateReport,
  type ForeignGateReport,
  gateCapacity,
  gateRead,
  type GateReport,
  judgeForeignRuns,
  judgeRegression,
  parseGateInput,
  predictCapacity,
  type RegressionReport,
  runBench,
  type RunResult,
  type SideName,
  type Summary,
} from "../../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { gateOptions, parseGates } from "../settings/mod.ts";
import { renderGate } from "../tables/mod.ts";
import { createPaint } from "../terminal/mod.ts";
import type { ToolAnswers, ToolRegression, ToolReplay, ToolRuns } from "./testing_tool.ts";

/** Judges stated runs by the read gate, and gives the first line that a user reads. */
export async function judgeRead(runs: ToolRuns): Promise<GateReport & { headline: string }> {
  const report = gateRead(await stateRuns(runs));
  const [headline] = renderGate(report, { paint: createPaint(false), columns: 100 });
  return { ...report, headline: headline! };
}

/** Judges stated runs by the capacity gate. */
export async function judgeCapacity(runs: ToolRuns): Promise<CapacityGateReport> {
  return gateCapacity(await stateRuns(runs));
}

/** Judges a later result by an earlier one. */
export async function regress(o: ToolRegression): Promise<RegressionReport> {
  const after = differing(await stateRuns(o.after), o.differs);
  return judgeRegression(replayedSides(await stateRuns(o.before)), replayedSides(after), {
    acceptUnpaired: true,
    ...(o.maxRegression === undefined ? {} : { maxRegression: o.maxRegression }),
  });
}

/** Judges what two servers answered, the baseline first; a single run of each is accepted. */
export function judgeAnswers(
  o: { readonly baseline: ToolAnswers; readonly candidate: ToolAnswers },
): ForeignGateReport {
  const [left, right] = [o.baseline, o.candidate].map((answers, side) => {
    const input = parseGateInput(answersText(answers), { file: `${side}.json` });
    return input.kind === "foreign" ? input.runs : [];
  });
  return judgeForeignRuns(left!, right!, { acceptPointEstimate: true });
}

/** A result without the sides of which nothing was stated. */
function replayedSides(result: BenchResult): BenchResult {
  return { ...result, sides: result.sides.filter(({ runs }) => runs.length > 0) };
}

/** A result that differs in one fact. */
function differing(result: BenchResult, fact: ToolRegression["differs"]): BenchResult {
  const { environment, options, workload } = result;
  switch (fact) {
    case undefined:
      return result;
    case "card":
      return { ...result, environment: { ...environment, adapter: "another card" } };
    case "version":
      return { ...result, environment: { ...environment, headwise: "9.9.9" } };
    case "seed":
      return { ...result, options: { ...options, seed: options.seed + 1 } };
    case "head map":
      return {
        ...result,
        workload: { ...workload, settings: { ...workload.settings, headMap: "another" } },
      };
  }
}

/** A run as the serving benchmark of vLLM writes it. */
function answersText(o: ToolAnswers): string {
  return JSON.stringify({
    completed: o.completed,
    ...(o.failed === null ? {} : { failed: o.failed }),
    "total_input_tokens": o.inputTokens,
    "total_output_tokens": o.outputTokens,
    "total_token_throughput": 1000,
    "output_throughput": 500,
    "request_throughput": 1,
    "mean_ttft_ms": o.ttftMs,
    "mean_itl_ms": o.tbtMs,
  });
}

async function measureTemplate(): Promise<BenchResult> {
  return await runBench({
    workload: requireLoaded(await loadWorkload("smoke")),
    gates: ["gate/read", "gate/capacity"],
    trace: {
      name: "stated",
      sha256: "",
      dropped: {},
      requests: [{ id: 0, arrivalMs: 0, inputTokens: 16, outputTokens: 3 }],
    },
    ceilings: { memoryBytesPerSecond: 1e12, flopsPerSecond: 1e14, note: "stated" },
    clock: { kind: "model", reason: null },
    maxChecks: 1,
  });
}

let measured: Promise<BenchResult> | undefined;

/** A result of a real, tiny run in which the figures of the replays are the stated ones. */
async function stateRuns(runs: ToolRuns): Promise<BenchResult> {
  const template = await (measured ??= measureTemplate());
  const heads = headMapFromPattern({
    layers: 1,
    kvHeads: 2,
    pattern: "first",
    ratio: runs.allHeadsWindow === true ? 1 : 0.5,
    windowTokens: 64,
    sinkTokens: 0,
  });
  return {
    ...template,
    // The stated times scatter as those of a device do.
    clock: {
      ...template.clock,
      deterministic: false,
      ...(runs.isSoftware === undefined ? {} : { software: runs.isSoftware }),
      ...(runs.modelError === undefined ? {} : { calibration: calibrationOf(runs.modelError) }),
    },
    options: { ...template.options, ...pairOptions(runs.pair) },
    capacityPrediction: predictCapacity({ heads, pageSizeTokens: 16, lengthsTokens: [4096] }),
    sides: sidesOf(template, runs),
  };
}

/** Sides of the template, and those that a named pair has beside them. */
function sidesOf({ sides }: BenchResult, runs: ToolRuns): BenchResult["sides"] {
  const stated = Object.keys(runs.sides) as SideName[];
  return [...new Set([...sides.map(({ name }) => name), ...stated])].map((name) => {
    const side = sides.find((each) => each.name === name) ?? sides[0]!;
    const replays = runs.sides[name] ?? [];
    return {
      ...side,
      name,
      runs: replays.map((each, pair) => stateReplay(side.runs[0]!, each, pair)),
    };
  });
}

/** The pair as the command reads it. */
function pairOptions(pair: string | undefined): Pick<BenchResult["options"], "readPair"> {
  const { readPair } = gateOptions(parseGates(pair === undefined ? "read" : `read=${pair}`));
  return readPair === undefined ? {} : { readPair };
}

/** A card's profile whose class of predictions errs by so much. */
function calibrationOf(error: number): NonNullable<BenchResult["clock"]["calibration"]> {
  return {
    card: "stated",
    basis: "measured",
    profileOf: "stated",
    measuredAt: "2026-01-01",
    software: {},
    factors: {},
    fittedTo: null,
    error: { class: "stated", ttft: error, tpot: error, throughput: error },
  };
}

let replaysStated = 0;
let timesStated = 0;

/** No clock gives one ratio twice to the last bit, though what is stated does. */
function measuredNearly(value: number | null): number | null {
  return value === null ? null : value * (1 + 1e-7 * (++timesStated ** 2 % 7));
}

function stateReplay(run: RunResult, replay: ToolReplay, pair: number): RunResult {
  const { failedRequests } = replay;
  const [ttftMs, tbtMs, outputTokensPerSecond] = [
    replay.ttftMs,
    replay.tbtMs,
    replay.outputTokensPerSecond,
  ].map(measuredNearly) as [number | null, number | null, number | null];
  const { modelled = { ttftMs: 0, tbtMs: 0 } } = replay;
  return {
    ...run,
    pair,
    order: pair,
    failedRequests: Array.from(
      { length: failedRequests },
      (_, request) => ({ request, reason: "stated" }),
    ),
    samples: null,
    performance: run.performance && {
      ...run.performance,
      whole: { ttftMs: summaryOf(ttftMs), tbtMs: summaryOf(tbtMs) },
      attentionOnly: {
        ttftMs: summaryOf(ttftMs, modelled.ttftMs),
        tbtMs: summaryOf(tbtMs, modelled.tbtMs),
      },
      outputTokensPerSecond,
      totalTokensPerSecond: outputTokensPerSecond,
      // No two replays are the same to the last bit, though what is stated of them is.
      attentionMs: run.performance.attentionMs + 1e-6 * ++replaysStated,
      // Stated loads wait for pages, or throughput would say nothing about them.
      memoryBoundConcurrency: 2,
    },
  };
}

/** Every figure of a summary at one value, less a part of it; null where nothing was measured. */
function summaryOf(stated: number | null, part = 0): Summary | null {
  if (stated === null) return null;
  const mean = stated - part;
  const quantiles = { p50: mean, p90: mean, p95: mean, p99: mean, p999: null };
  return { count: 1, mean, min: mean, max: mean, ...quantiles };
}

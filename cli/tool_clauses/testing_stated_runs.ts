import { headMapFromPattern } from "../../allocator/mod.ts";
import {
  BenchError,
  type BenchResult,
  type Comparison,
  gateCapacity,
  gateRead,
  judgeForeignRuns,
  judgeRegression,
  parseGateInput,
  predictCapacity,
  runBench,
  type RunResult,
  type Summary,
} from "../../bench/mod.ts";
import type { Reply } from "../../conformance/mod.ts";
import type {
  ToolAnswers,
  ToolComparison,
  ToolFact,
  ToolReplay,
  ToolRuns,
  ToolSubject,
  ToolVerdict,
} from "./testing_tool.ts";
import { gateOptions, parseGates } from "../settings/mod.ts";
import { renderGate } from "../tables/mod.ts";
import { createPaint } from "../terminal/mod.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";

/** Names of the demanded metrics in gates' reports. */
const METRICS: Readonly<Record<string, ToolComparison["metric"]>> = {
  "mean TTFT": "ttft",
  "mean TBT": "tbt",
  "throughput": "throughput",
};

/**
 * Makes judges of stated runs: a result of a real, tiny run in which the figures of the replays are
 * replaced by the stated ones, put through the gates.
 */
export function createStatedJudges(): Pick<ToolSubject, "judge" | "regress" | "judgeAnswers"> {
  let template: Promise<BenchResult> | null = null;
  const stated = async (runs: ToolRuns): Promise<BenchResult> =>
    stateRuns(await (template ??= measureTemplate()), runs);
  return {
    judge: (runs) =>
      attempt(async () => {
        const result = await stated(runs);
        return runs.gate === "gate/read" ? judgeRead(result) : judgeCapacity(result);
      }),
    regress: ({ before, after, maxRegression, differs }) =>
      attempt(async () => {
        const report = judgeRegression(
          replayedSides(await stated(before)),
          replayedSides(differing(await stated(after), differs)),
          { acceptUnpaired: true, ...(maxRegression === undefined ? {} : { maxRegression }) },
        );
        return {
          verdict: report.verdict,
          maxRegression: report.maxRegression,
          reasons: report.reasons,
          sides: report.sides.map((side) => ({ before: side.baseline, after: side.candidate })),
        };
      }),
    judgeAnswers: ({ baseline, candidate }) =>
      attempt(() => {
        const [left, right] = [baseline, candidate].map((answers, side) => {
          const input = parseGateInput(answersText(answers), { file: `${side}.json` });
          return input.kind === "foreign" ? input.runs : [];
        });
        return judgeForeignRuns(left!, right!, { acceptPointEstimate: true });
      }),
  };
}

/** What may not be compared is refused; anything else that is thrown is a fault of the tool. */
async function attempt<T>(command: () => T | Promise<T>): Promise<Reply<T>> {
  try {
    return { kind: "ok", value: await command() };
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    return { kind: "refused", code: error.code, message: error.message };
  }
}

/** A result without the sides of which nothing was stated. */
function replayedSides(result: BenchResult): BenchResult {
  return { ...result, sides: result.sides.filter(({ runs }) => runs.length > 0) };
}

/** A result that differs in one fact. */
function differing(result: BenchResult, fact: ToolFact | undefined): BenchResult {
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
  const workload = requireLoaded(await loadWorkload("smoke"));
  return await runBench({
    workload,
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

function stateRuns(template: BenchResult, runs: ToolRuns): BenchResult {
  const heads = headMapFromPattern({
    layers: 1,
    kvHeads: 2,
    pattern: "first",
    ratio: runs.allHeadsWindow ? 1 : 0.5,
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
function sidesOf(template: BenchResult, runs: ToolRuns): BenchResult["sides"] {
  const names = new Set([
    ...template.sides.map(({ name }) => name),
    ...Object.keys(runs.sides) as (keyof typeof runs.sides)[],
  ]);
  return [...names].map((name) => {
    const side = template.sides.find((each) => each.name === name) ?? template.sides[0]!;
    return {
      ...side,
      name,
      runs: (runs.sides[name as keyof typeof runs.sides] ?? []).map((replay, pair) =>
        stateReplay(side.runs[0]!, { replay, pair })
      ),
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

function stateReplay(run: RunResult, o: { replay: ToolReplay; pair: number }): RunResult {
  const { ttftMs, tbtMs, outputTokensPerSecond, failedRequests } = o.replay;
  const latency = { ttftMs: summaryOf(ttftMs), tbtMs: summaryOf(tbtMs) };
  const { modelled = { ttftMs: 0, tbtMs: 0 } } = o.replay;
  const without = (mean: number | null, rest: number): number | null =>
    mean === null ? null : mean - rest;
  return {
    ...run,
    pair: o.pair,
    order: o.pair,
    failedRequests: Array.from(
      { length: failedRequests },
      (_, request) => ({ request, reason: "stated" }),
    ),
    samples: null,
    performance: run.performance && {
      ...run.performance,
      whole: latency,
      attentionOnly: {
        ttftMs: summaryOf(without(ttftMs, modelled.ttftMs)),
        tbtMs: summaryOf(without(tbtMs, modelled.tbtMs)),
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

function summaryOf(mean: number | null): Summary | null {
  return mean === null ? null : {
    count: 1,
    mean,
    min: mean,
    p50: mean,
    p90: mean,
    p95: mean,
    p99: mean,
    p999: null,
    max: mean,
  };
}

function judgeRead(result: BenchResult): ToolVerdict {
  const report = gateRead(result);
  const { verdict, reasons, comparisons, control } = report;
  return {
    verdict,
    headline: renderGate(report, { paint: createPaint(false), columns: 100 })[0]!,
    reasons,
    comparisons: comparisons.flatMap(toComparison),
    control: control.flatMap(toComparison),
    layouts: null,
  };
}

function judgeCapacity(result: BenchResult): ToolVerdict {
  const { verdict, perHead, pooled, decidedBy, prediction } = gateCapacity(result);
  const decisive = decidedBy === "pooled" ? pooled : perHead;
  return {
    verdict,
    headline: `${verdict}  gate/capacity`,
    reasons: decisive.reasons,
    comparisons: decisive.comparisons.flatMap(toComparison),
    control: [],
    layouts: {
      headwise: {
        verdict: perHead.verdict,
        saysImpossible: perHead.reasons.includes(prediction.explanation) &&
          prediction.perHeadGain === 1,
      },
      pooled: { verdict: pooled.verdict, saysImpossible: false },
    },
  };
}

function toComparison(comparison: Comparison): ToolComparison[] {
  const metric = METRICS[comparison.metric];
  if (metric === undefined) return [];
  const { baseline, candidate, minimumDetectableRatio } = comparison;
  return [{ metric, baseline, candidate, smallestEffect: minimumDetectableRatio }];
}

import { headMapFromPattern } from "../../allocator/mod.ts";
import {
  type BenchResult,
  type Comparison,
  gateCapacity,
  gateRead,
  predictCapacity,
  runBench,
  type RunResult,
  type Summary,
} from "../../bench/mod.ts";
import type { Reply } from "../../conformance/mod.ts";
import type { ToolComparison, ToolReplay, ToolRuns, ToolVerdict } from "./testing_tool.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";

/** Names of the demanded metrics in gates' reports. */
const METRICS: Readonly<Record<string, ToolComparison["metric"]>> = {
  "mean TTFT": "ttft",
  "mean TBT": "tbt",
  "throughput": "throughput",
};

/**
 * Makes a judge of stated runs: a result of a real, tiny run in which the figures of the replays are
 * replaced by the stated ones, put through the gates.
 *
 * @returns The judge.
 */
export function createStatedJudge(): (runs: ToolRuns) => Promise<Reply<ToolVerdict>> {
  let template: Promise<BenchResult> | null = null;
  return async (runs) => {
    template ??= measureTemplate();
    const result = stateRuns(await template, runs);
    return {
      kind: "ok",
      value: runs.gate === "gate/read" ? judgeRead(result) : judgeCapacity(result),
    };
  };
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
    clock: { ...template.clock, deterministic: false },
    capacityPrediction: predictCapacity({ heads, pageSizeTokens: 16, lengthsTokens: [4096] }),
    sides: template.sides.map((side) => ({
      ...side,
      runs: (runs.sides[side.name as keyof typeof runs.sides] ?? []).map((replay, pair) =>
        stateReplay(side.runs[0]!, { replay, pair })
      ),
    })),
  };
}

function stateReplay(run: RunResult, o: { replay: ToolReplay; pair: number }): RunResult {
  const { ttftMs, tbtMs, outputTokensPerSecond, failedRequests } = o.replay;
  const latency = { ttftMs: summaryOf(ttftMs), tbtMs: summaryOf(tbtMs) };
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
      attentionOnly: latency,
      outputTokensPerSecond,
      totalTokensPerSecond: outputTokensPerSecond,
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
  const { verdict, reasons, comparisons, control } = gateRead(result);
  return {
    verdict,
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

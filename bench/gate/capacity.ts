/** `gate/capacity`: recycling on against off, for both kinds of pools. */

import { faultsOf, judgeSides, sideOf } from "./read.ts";
import type {
  BenchResult,
  CapacityGateReport,
  CapacityOutcome,
  ConcurrencyPrediction,
  GateReport,
  SideName,
} from "../result/mod.ts";
import { meanOverRuns } from "../statistics/mod.ts";

/**
 * Judges `gate/capacity`: with the same memory, recycling must raise throughput by at least 30 %.
 * Pools for each head are judged and shown too, but where a full head keeps them from gaining by
 * arithmetic the verdict is that of the one pool.
 *
 * @param result A result with both layouts, recycling off and on.
 * @returns Both verdicts and the prediction beside them.
 * @throws {BenchError} When a side was not replayed.
 */
export function gateCapacity(result: BenchResult): CapacityGateReport {
  const prediction = result.capacityPrediction;
  const perHead = judge(result, "headwise", "headwise-recycle");
  const pooled = judge(result, "pooled", "pooled-recycle");
  const impossible = prediction.windowHeads < prediction.heads;
  const outcomes = [outcomeOf(result, "headwise"), outcomeOf(result, "pooled")];
  const [outcomeOfHeads, outcomeOfPool] = outcomes;
  const judged = {
    perHead: requireWaiting(result, perHead, outcomeOfHeads),
    pooled: requireWaiting(result, pooled, outcomeOfPool),
  };
  return {
    verdict: impossible ? judged.pooled.verdict : judged.perHead.verdict,
    decidedBy: impossible ? "pooled" : "headwise",
    prediction,
    perHead: impossible
      ? { ...judged.perHead, reasons: [prediction.explanation, ...judged.perHead.reasons] }
      : judged.perHead,
    pooled: judged.pooled,
    outcomes,
  };
}

/** Where no request waited for pages, more of them could win nothing: the load says nothing. */
function requireWaiting(
  result: BenchResult,
  report: GateReport,
  outcome: CapacityOutcome,
): GateReport {
  if (outcome.replayedOff !== null) return report;
  const sides = [report.baseline, report.candidate].map((name) => sideOf(result, name));
  if (sides.some((side) => faultsOf(result, side).length > 0)) return report;
  return {
    ...report,
    verdict: "INCONCLUSIVE",
    reasons: [
      "no request waited for pages with recycling off, so memory did not bind; give fewer pages " +
      "(--set cache.pages=N) or more load",
      ...report.reasons,
    ],
  };
}

function outcomeOf(result: BenchResult, layout: CapacityOutcome["layout"]): CapacityOutcome {
  const predicted = (name: SideName): ConcurrencyPrediction =>
    result.concurrencyPredictions.find(({ side }) => side === name)!;
  const replayed = (name: SideName, key: Replayed): number | null =>
    meanOverRuns(sideOf(result, name).runs, (performance) => performance[key]);
  const on = `${layout}-recycle` as const;
  return {
    layout,
    predictedOff: predicted(layout),
    predictedOn: predicted(on),
    replayedOff: replayed(layout, "memoryBoundConcurrency"),
    replayedOn: replayed(on, "memoryBoundConcurrency"),
    preemptionsOff: replayed(layout, "preemptions"),
    preemptionsOn: replayed(on, "preemptions"),
  };
}

type Replayed = "memoryBoundConcurrency" | "preemptions";

function judge(result: BenchResult, baseline: SideName, candidate: SideName): GateReport {
  return judgeSides({
    gate: "gate/capacity",
    baselineResult: result,
    candidateResult: result,
    baseline,
    candidate,
    interleaved: true,
  });
}

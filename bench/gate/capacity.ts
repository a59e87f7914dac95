/** `gate/capacity`: recycling on against off, for both kinds of pools. */

import { judgeSides, sideOf } from "./read.ts";
import type {
  BenchResult,
  CapacityGateReport,
  CapacityOutcome,
  ConcurrencyPrediction,
  GateReport,
  SideName,
} from "../result/mod.ts";
import { mean } from "../statistics/mod.ts";

/**
 * Judges `gate/capacity`: with the same memory, recycling must raise throughput by at least 30 %.
 * Pools for each head are judged and shown too, but where a full head keeps them from gaining by
 * arithmetic the verdict is that of the one pool.
 *
 * @example Which layout decides
 * ```ts
 * import { gateCapacity, readResult } from "@headwise/headwise/bench";
 *
 * async function decidedBy(path: string): Promise<string> {
 *   return gateCapacity(await readResult(path)).decidedBy;
 * }
 * void decidedBy;
 * ```
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
  return {
    verdict: impossible ? pooled.verdict : perHead.verdict,
    decidedBy: impossible ? "pooled" : "headwise",
    prediction,
    perHead: impossible
      ? { ...perHead, reasons: [prediction.explanation, ...perHead.reasons] }
      : perHead,
    pooled,
    outcomes: [outcomeOf(result, "headwise"), outcomeOf(result, "pooled")],
  };
}

function outcomeOf(result: BenchResult, layout: CapacityOutcome["layout"]): CapacityOutcome {
  const predicted = (name: SideName): ConcurrencyPrediction =>
    result.concurrencyPredictions.find(({ side }) => side === name)!;
  const replayed = (name: SideName, key: Replayed): number | null => {
    const values = sideOf(result, name).runs.map(({ performance }) => performance?.[key] ?? null);
    const present = values.filter((value) => value !== null);
    return present.length === values.length ? mean(present) : null;
  };
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

/** A gate over two result files. */

import {
  BenchError,
  type BenchResult,
  type GateName,
  type GateReport,
  type SideName,
} from "../result/mod.ts";
import { judgeSides } from "./read.ts";

/** Options of {@link compareResults}. */
export interface CompareOptions {
  /** Metrics and thresholds. @default {"gate/read"} */
  readonly gate?: GateName;
  /** Side of the first result. @default {"uniform"; "pooled" for gate/capacity} */
  readonly baseline?: SideName;
  /** Side of the second result. @default {"headwise"; "pooled-recycle" for gate/capacity} */
  readonly candidate?: SideName;
  /**
   * Lets runs that were not interleaved pass. Drift between two sessions is not cancelled, so
   * without this a measured PASS is only INCONCLUSIVE.
   * @default {false}
   */
  readonly acceptUnpaired?: boolean;
}

/**
 * Judges a side of one result against a side of another. Both must have replayed the same requests
 * with the same options. Runs of two files were not interleaved: the interval is Welch's, and a
 * measured PASS needs `acceptUnpaired`. Deterministic clocks do not drift, so theirs stands.
 *
 * @example A later build against an earlier one
 * ```ts
 * import { compareResults, readResult } from "@headwise/headwise/bench";
 *
 * async function judge(before: string, after: string): Promise<string> {
 *   const [baseline, candidate] = await Promise.all([readResult(before), readResult(after)]);
 *   const report = compareResults(baseline, candidate, {
 *     baseline: "headwise", candidate: "headwise", acceptUnpaired: true,
 *   });
 *   return report.verdict;
 * }
 * void judge;
 * ```
 *
 * @param baseline Result to compare against.
 * @param candidate Result to judge.
 * @param o Gate and sides.
 * @returns The verdict with its evidence.
 * @throws {BenchError} When the two replayed different things, or a side is missing.
 */
export function compareResults(
  baseline: BenchResult,
  candidate: BenchResult,
  o: CompareOptions = {},
): GateReport {
  refuseDifferent(baseline, candidate);
  const gate = o.gate ?? "gate/read";
  const report = judgeSides({
    gate,
    baselineResult: baseline,
    candidateResult: candidate,
    baseline: o.baseline ?? (gate === "gate/read" ? "uniform" : "pooled"),
    candidate: o.candidate ?? (gate === "gate/read" ? "headwise" : "pooled-recycle"),
    interleaved: false,
  });
  const drifts = !baseline.clock.deterministic || !candidate.clock.deterministic;
  if (!drifts) return report;
  const note = "runs of two files were not interleaved, so drift between them is not cancelled";
  const held = report.verdict === "PASS" && o.acceptUnpaired !== true;
  return {
    ...report,
    verdict: held ? "INCONCLUSIVE" : report.verdict,
    reasons: [...report.reasons, held ? `${note}; accept it explicitly to let it pass` : note],
  };
}

function refuseDifferent(baseline: BenchResult, candidate: BenchResult): void {
  const facts = (result: BenchResult): Record<string, unknown> => ({
    "workload": result.workload.sha256,
    "model": result.workload.modelSha256,
    "head map": result.workload.headMapName,
    "requests": result.requests.sha256 ?? result.workload.sha256,
    "number of requests": result.requests.count,
    "page order": result.options.pageOrder,
    "prefix cache": result.options.prefixCache,
    "seed": result.options.seed,
    "clock": result.clock.kind,
    "memory ceiling": result.clock.ceilings.memoryBytesPerSecond,
    "operations ceiling": result.clock.ceilings.flopsPerSecond,
  });
  const [left, right] = [facts(baseline), facts(candidate)];
  for (const [name, value] of Object.entries(left)) {
    if (value === right[name]) continue;
    throw new BenchError(
      "gate/not-comparable",
      `Cannot compare the results: ${name} is '${value}' in one and '${right[name]}' in the ` +
        `other; replay both with the same`,
    );
  }
}

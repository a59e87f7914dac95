/** A gate over two result files. */

import {
  BenchError,
  type BenchResult,
  type GateName,
  type GateReport,
  optionError,
  refuseRepeated,
  type RegressionReport,
  type SideName,
} from "../result/mod.ts";
import { combineVerdicts } from "../statistics/mod.ts";
import { isSameRun, namedDifferences, refuseDifferent, samplesOf } from "./comparable.ts";
import { ROLES } from "./hold_back.ts";
import { DEFAULT_MAX_REGRESSION } from "./metrics.ts";
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
   * Accepts runs that were not interleaved. Drift between two sessions is not cancelled, so
   * without this their measured times give no verdict.
   * @default {false}
   */
  readonly acceptUnpaired?: boolean;
  /** What messages call the two, such as their files. @default {["the baseline", "the candidate"]} */
  readonly names?: readonly [baseline: string, candidate: string];
}

/**
 * Judges a side of one result against a side of another. Both must have replayed the same requests
 * with the same options. Runs of two files were not interleaved: the interval is Welch's, and a
 * verdict of measured times needs `acceptUnpaired`. Deterministic clocks do not drift, so theirs stands.
 *
 * @throws {BenchError} When the two replayed different things, or a side is missing.
 */
export function compareResults(
  baseline: BenchResult,
  candidate: BenchResult,
  o: CompareOptions = {},
): GateReport {
  refuseDifferent(baseline, candidate);
  const gate = o.gate ?? "gate/read";
  const sides = {
    baseline: o.baseline ?? (gate === "gate/read" ? "uniform" : "pooled"),
    candidate: o.candidate ?? (gate === "gate/read" ? "headwise" : "pooled-recycle"),
  } as const;
  // Two sides of one run were interleaved; one side of one run is no two samples.
  const isOneRun = isSameRun(baseline, candidate);
  refuseSameRuns({ baseline, candidate, sides, names: o.names });
  const report = judgeSides({
    gate,
    baselineResult: baseline,
    candidateResult: candidate,
    ...sides,
    interleaved: isOneRun,
    acceptUnpaired: o.acceptUnpaired === true,
  });
  return { ...report, reasons: [...namedDifferences(baseline, candidate), ...report.reasons] };
}

/** A run counts as one sample, also where the rest of its file differs. */
function refuseSameRuns(o: {
  readonly baseline: BenchResult;
  readonly candidate: BenchResult;
  readonly sides: { readonly baseline: SideName; readonly candidate: SideName };
  readonly names: readonly [string, string] | undefined;
}): void {
  const [baseline, candidate] = o.names ?? ROLES;
  refuseRepeated([
    samplesOf(o.baseline, { name: baseline, side: o.sides.baseline }),
    samplesOf(o.candidate, { name: candidate, side: o.sides.candidate }),
  ]);
}

/** Options of {@link judgeRegression}. */
export interface RegressionOptions {
  /** Share by which a metric may be worse. @default {0.02} */
  readonly maxRegression?: number;
  /** The only side to compare; every side of both results where left out. */
  readonly side?: SideName;
  /** Accepts runs that were not interleaved. @default {false} */
  readonly acceptUnpaired?: boolean;
  /** What messages call the two, such as their files. @default {["the baseline", "the candidate"]} */
  readonly names?: readonly [baseline: string, candidate: string];
}

/**
 * Judges a result against an earlier one of the same workload: on every side that both replayed,
 * mean TTFT, mean TBT and throughput may be worse by no more than a margin.
 *
 * @param o Margin, side, and whether runs that were not interleaved are accepted.
 * @throws {BenchError} When the results are of different workloads, machines or settings, have no
 * side in common, or hold the same measured run.
 */
export function judgeRegression(
  baseline: BenchResult,
  candidate: BenchResult,
  o: RegressionOptions = {},
): RegressionReport {
  const maxRegression = o.maxRegression ?? DEFAULT_MAX_REGRESSION;
  if (!(maxRegression >= 0 && maxRegression < 1)) {
    throw optionError(
      `Cannot judge with maxRegression '${maxRegression}': give a share in [0, 1), as 0.02`,
    );
  }
  refuseDifferent(baseline, candidate);
  // Runs of a clock without noise are equal by right; a result that is compared with itself is not.
  const [before, after] = o.names ?? ROLES;
  refuseRepeated([
    [{ name: before, contents: [baseline] }],
    [{ name: after, contents: [candidate] }],
  ]);
  const names = commonSides(baseline, candidate, o.side);
  for (const name of names) {
    const sides = { baseline: name, candidate: name };
    refuseSameRuns({ baseline, candidate, sides, names: o.names });
  }
  const sides = names.map((name) =>
    judgeSides({
      gate: "gate/regression",
      maxRegression,
      baselineResult: baseline,
      candidateResult: candidate,
      baseline: name,
      candidate: name,
      interleaved: false,
      acceptUnpaired: o.acceptUnpaired === true,
    })
  );
  return {
    gate: "gate/regression",
    verdict: combineVerdicts(sides.map(({ verdict }) => verdict)),
    maxRegression,
    reasons: [
      ...namedDifferences(baseline, candidate),
      ...sides.flatMap(({ candidate: side, reasons }) =>
        reasons.map((reason) => `${side}: ${reason}`)
      ),
    ],
    sides,
  };
}

function commonSides(
  baseline: BenchResult,
  candidate: BenchResult,
  only: SideName | undefined,
): readonly SideName[] {
  const others = new Set(candidate.sides.map(({ name }) => name));
  const names = baseline.sides.map(({ name }) => name)
    .filter((name) => others.has(name) && (only === undefined || name === only));
  if (names.length > 0) return names;
  const list = ({ sides }: BenchResult): string => sides.map(({ name }) => name).join(", ");
  throw new BenchError(
    "gate/missing-side",
    `Cannot compare the results: ${
      only === undefined ? "no side" : `side '${only}'`
    } is in both; one has ${list(baseline)}, the other ${list(candidate)}`,
  );
}

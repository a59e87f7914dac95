/** Whether a verdict holds within the validated error of times that are modelled. */

import type { BenchResult, ClockCalibration, SideResult, Verdict } from "../result/mod.ts";
import type { HeldVerdict } from "./hold_back.ts";
import { scaleSteps } from "./scale_steps.ts";
import type { SidesAtEnd } from "./table_error.ts";

/** Shares by which the modelled rest of a step may be off: for mean TTFT, mean TBT and TPOT, throughput. */
export type ModelError = Omit<ClockCalibration["error"], "class">;

/**
 * The error that two results carry: the larger one of each metric, or null where the modelled part
 * has no validated error, because no profile of a card was used.
 */
export function modelErrorOf(results: readonly BenchResult[]): ModelError | null {
  const errors = results.map(({ clock }) => clock.calibration?.error);
  if (errors.some((error) => error === undefined)) return null;
  const largest = (metric: keyof ModelError): number =>
    Math.max(...errors.map((error) => error![metric]));
  return {
    ttft: largest("ttft"),
    tpot: largest("tpot"),
    throughput: largest("throughput"),
  };
}

/**
 * A side as it would be with the rest of each step longer (`end` 1) or shorter (−1) by the error,
 * attention as it is: means of a span are its attention plus the scaled remainder.
 *
 * Both ends are as far in ratio, (1 + error) times and 1 / (1 + error) times: predictions that are
 * twice the measured figure and half of it are equally wrong, and no error makes a step take nothing.
 */
export function sideAtEnd(side: SideResult, error: ModelError, end: 1 | -1): SideResult {
  const factor = (share: number): number => (1 + share) ** end;
  return scaleSteps(side, {
    attention: 1,
    ttft: factor(error.ttft),
    tpot: factor(error.tpot),
    throughput: factor(error.throughput),
  });
}

/** Keeps a verdict only where it holds at both ends of the validated error of the modelled rest. */
export function holdWithinModel(verdict: Verdict, o: {
  readonly results: readonly BenchResult[];
  readonly sides: SidesAtEnd;
  readonly judge: (sides: SidesAtEnd) => Verdict;
}): HeldVerdict {
  const error = modelErrorOf(o.results);
  if (error === null) return { verdict, notes: [] };
  const { baseline, candidate } = o.sides;
  const ends = ([1, -1] as const).map((end) => ({
    end,
    verdict: o.judge({
      baseline: sideAtEnd(baseline, error, end),
      candidate: sideAtEnd(candidate, error, end),
    }),
  }));
  return holdAtEnds(verdict, ends, error);
}

/**
 * The verdict that holds at both ends of the model's error: PASS and FAIL stay only where both ends
 * say the same.
 */
export function holdAtEnds(
  verdict: Verdict,
  ends: readonly { readonly end: 1 | -1; readonly verdict: Verdict }[],
  error: ModelError,
): HeldVerdict {
  const differing = ends.find((each) => each.verdict !== verdict);
  if (verdict === "INCONCLUSIVE" || differing === undefined) return { verdict, notes: [] };
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const direction = differing.end > 0 ? "longer" : "shorter";
  return {
    verdict: "INCONCLUSIVE",
    notes: [
      `${verdict} with the modelled rest as it is, ${differing.verdict} with the rest ${direction} by ` +
      `the validated error (TTFT ±${percent(error.ttft)}, TBT ±${percent(error.tpot)}, ` +
      `throughput ±${percent(error.throughput)}, nine in ten of its class): measure more of the ` +
      "step, or fit the card and engine with headwise calibrate --from",
    ],
  };
}

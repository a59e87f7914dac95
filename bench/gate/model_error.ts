/** Whether a verdict holds within the validated error of times that are modelled. */

import type { BenchResult, RunPerformance, RunResult, SideResult, Verdict } from "../result/mod.ts";
import type { HeldVerdict } from "./hold_back.ts";
import type { SidesAtEnd } from "./table_error.ts";

/** Shares by which the modelled rest of a step may be off. */
export interface ModelError {
  /** For mean TTFT. */
  readonly ttft: number;
  /** For mean TBT and TPOT. */
  readonly tpot: number;
  readonly throughput: number;
}

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
  const runs = side.runs.map((run): RunResult =>
    run.performance === null ? run : { ...run, performance: scaleRest(run.performance, error, end) }
  );
  return { ...side, runs };
}

function scaleRest(performance: RunPerformance, error: ModelError, end: 1 | -1): RunPerformance {
  const { whole, attentionOnly, attentionMs, restMs } = performance;
  const factor = (share: number): number => (1 + share) ** end;
  const scaled = (key: "ttftMs" | "tbtMs", share: number) => {
    const [all, attention] = [whole[key], attentionOnly[key]];
    if (all === null || attention === null) return all;
    return { ...all, mean: attention.mean + (all.mean - attention.mean) * factor(share) };
  };
  const steps = attentionMs + restMs;
  const slower = steps === 0 ? 1 : (attentionMs + restMs * factor(error.throughput)) / steps;
  const perSecond = (rate: number | null): number | null => rate === null ? null : rate / slower;
  return {
    ...performance,
    whole: {
      ...whole,
      ttftMs: scaled("ttftMs", error.ttft),
      tbtMs: scaled("tbtMs", error.tpot),
    },
    outputTokensPerSecond: perSecond(performance.outputTokensPerSecond),
    requestsPerSecond: perSecond(performance.requestsPerSecond),
  };
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
): { readonly verdict: Verdict; readonly notes: readonly string[] } {
  const differing = ends.find((each) => each.verdict !== verdict);
  if (verdict === "INCONCLUSIVE" || differing === undefined) return { verdict, notes: [] };
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const direction = differing.end > 0 ? "longer" : "shorter";
  return {
    verdict: "INCONCLUSIVE",
    notes: [
      `${verdict} with the modelled rest as it is, ${differing.verdict} with the rest ${direction} by ` +
      `the validated error (TTFT ±${percent(error.ttft)}, TBT ±${
        percent(error.tpot)
      }, throughput ` +
      `±${
        percent(error.throughput)
      }, nine in ten of its class): measure more of the step, or fit the ` +
      "card and engine with headwise calibrate --from",
    ],
  };
}

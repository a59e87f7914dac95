/** A side as it would be with other attention, or with another rest of each step. */

import type { RunPerformance, SideResult } from "../result/mod.ts";

/** Factors on the parts of steps; 1 leaves a part as it is. */
export interface StepFactors {
  readonly attention: number;
  /** On the rest, as it shows in mean TTFT. */
  readonly ttft: number;
  /** On the rest, as it shows in mean TBT. */
  readonly tpot: number;
  /** On the rest, as it shows in throughput. */
  readonly throughput: number;
}

/** Scales a side: means of a span are its attention and the remainder, each by its factor. */
export function scaleSteps(side: SideResult, factors: StepFactors): SideResult {
  const runs = side.runs.map((run) =>
    run.performance === null ? run : { ...run, performance: scaled(run.performance, factors) }
  );
  return { ...side, runs };
}

function scaled(performance: RunPerformance, factors: StepFactors): RunPerformance {
  const { whole, attentionOnly, attentionMs, restMs } = performance;
  const span = (key: "ttftMs" | "tbtMs", rest: number) => {
    const [all, attention] = [whole[key], attentionOnly[key]];
    if (all === null || attention === null) return all;
    const remainder = all.mean - attention.mean;
    return { ...all, mean: attention.mean * factors.attention + remainder * rest };
  };
  const steps = attentionMs + restMs;
  const longer = attentionMs * factors.attention + restMs * factors.throughput;
  const slower = steps === 0 ? 1 : longer / steps;
  const perSecond = (rate: number | null): number | null => rate === null ? null : rate / slower;
  return {
    ...performance,
    whole: {
      ...whole,
      ttftMs: span("ttftMs", factors.ttft),
      tbtMs: span("tbtMs", factors.tpot),
    },
    outputTokensPerSecond: perSecond(performance.outputTokensPerSecond),
    requestsPerSecond: perSecond(performance.requestsPerSecond),
  };
}

/** Stated runs for the checks of gates. */
import { requireThat } from "../../conformance/mod.ts";
import type { Comparison, SideName } from "../../bench/mod.ts";
import type { ToolReplay, ToolRuns } from "./testing_tool.ts";

/** Pairs of a stated gate, where nothing else is said. */
export const PAIRS = 6;

/** Pair times that drift together, and candidates at a ratio with a sample spread of their logs. */
export function readRuns(
  o: { ttft: number; tbt: number; spread: number; clipped?: number; pairs?: number },
): ToolRuns {
  const pairs = o.pairs ?? PAIRS;
  const side = (ttft: number, tbt: number, spread: number): ToolReplay[] =>
    Array.from({ length: pairs }, (_, pair) => {
      const drift = 1 + 0.1 * pair;
      const scatter = Math.exp(spread * unitScatter(pair, pairs));
      return replayOf({ ttftMs: 200 * drift * ttft * scatter, tbtMs: 20 * drift * tbt * scatter });
    });
  return {
    sides: {
      "uniform": side(1, 1, 0),
      "uniform-clipped": side(o.clipped ?? 0.9, o.clipped ?? 0.9, o.spread),
      "headwise": side(o.ttft, o.tbt, o.spread),
    },
  };
}

/** Throughputs at a ratio for both kinds of pools. */
export function capacityRuns(
  o: { headwise: number; pooled: number; allHeadsWindow?: boolean },
): ToolRuns {
  const side = (ratio: number): ToolReplay[] =>
    Array.from({ length: PAIRS }, (_, pair) => {
      const scatter = Math.exp(0.002 * unitScatter(pair, PAIRS));
      return replayOf({ outputTokensPerSecond: 1000 * (1 + 0.1 * pair) * ratio * scatter });
    });
  return {
    sides: {
      "headwise": side(1),
      "headwise-recycle": side(o.headwise),
      "pooled": side(1),
      "pooled-recycle": side(o.pooled),
    },
    allHeadsWindow: o.allHeadsWindow ?? false,
  };
}

/** A replay of ordinary figures, and what of it differs. */
export function replayOf(changes: Partial<ToolReplay>): ToolReplay {
  return { ttftMs: 200, tbtMs: 20, outputTokensPerSecond: 1000, failedRequests: 0, ...changes };
}

/** Plus and minus in turn, with mean 0 and a sample standard deviation of 1 over an even count. */
function unitScatter(pair: number, pairs: number): number {
  return (pair % 2 === 0 ? 1 : -1) * Math.sqrt((pairs - 1) / pairs);
}

/** The same runs with one replay changed. */
export function changeReplay(
  runs: ToolRuns,
  o: { side: SideName; pair: number; change: Partial<ToolReplay> },
): ToolRuns {
  const replays = (runs.sides[o.side] ?? []).map((replay, pair) =>
    pair === o.pair ? { ...replay, ...o.change } : replay
  );
  return { ...runs, sides: { ...runs.sides, [o.side]: replays } };
}

/** The comparison of a metric, which must be there. */
export function comparisonOf(
  comparisons: readonly Comparison[],
  metric: "mean TTFT" | "mean TBT",
): Comparison {
  const found = comparisons.find((each) => each.metric === metric);
  requireThat(found !== undefined, `Expected a comparison of ${metric}, found none`);
  return found;
}

/** Whether a verdict holds within the error that interpolating a file of times makes. */

import type { BenchResult, SideResult, Verdict } from "../result/mod.ts";
import type { HeldVerdict } from "./hold_back.ts";
import { scaleSteps } from "./scale_steps.ts";

/** The sides with their attention otherwise than it was interpolated. */
export interface SidesAtEnd {
  readonly baseline: SideResult;
  readonly candidate: SideResult;
}

/**
 * Keeps PASS and FAIL only where they hold with either side's attention off by the error that nine in ten
 * lines stay within when they are left out and interpolated: the two sides come from other lines, so that
 * their errors need not be alike.
 *
 * @param o Results, sides, and what judges sides whose attention is another.
 */
export function holdWithinTable(verdict: Verdict, o: {
  readonly results: readonly BenchResult[];
  readonly sides: SidesAtEnd;
  readonly judge: (sides: SidesAtEnd) => Verdict;
}): HeldVerdict {
  const tables = o.results.flatMap(({ clock }) => clock.table ?? []);
  if (verdict === "INCONCLUSIVE" || tables.length === 0) return { verdict, notes: [] };
  const errors = tables.map(({ leaveOutErrorPercent }) => leaveOutErrorPercent?.p90 ?? null);
  if (errors.includes(null)) {
    const note =
      "how well the file of times interpolates is not known, since no line of a kind can be " +
      "left out and found from the others; add calls of sizes between those that it has";
    return { verdict: "INCONCLUSIVE", notes: [note] };
  }
  const percent = Math.max(...errors.map((error) => error!));
  // Against the verdict: a candidate that is slower, or a baseline that is faster, than a PASS says.
  const sign = verdict === "PASS" ? 1 : -1;
  const share = sign * percent / 100;
  const { baseline, candidate } = o.sides;
  const ends = [
    { baseline, candidate: scaleAttention(candidate, 1 + share) },
    { baseline: scaleAttention(baseline, 1 - share), candidate },
  ];
  if (ends.every((end) => o.judge(end) === verdict)) return { verdict, notes: [] };
  const note =
    `${verdict} with the times as they are interpolated, and not where one side's are off by ` +
    `${
      percent.toFixed(1)
    } %, which nine in ten lines of the file stay within when they are left out; ` +
    "add calls of sizes between those that it has";
  return { verdict: "INCONCLUSIVE", notes: [note] };
}

function scaleAttention(side: SideResult, attention: number): SideResult {
  return scaleSteps(side, { attention, ttft: 1, tpot: 1, throughput: 1 });
}

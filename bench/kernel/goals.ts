/** Judges what each case is built to show. */

import type { KernelGoal } from "./case.ts";
import type {
  KernelCaseResult,
  KernelGoalResult,
  KernelOutcome,
  PeersReport,
} from "./result_schema.ts";

type Timed = Extract<KernelOutcome, { kind: "timed" }>;

/**
 * Judges all goals.
 *
 * @param peers Times of peers, or null.
 * @returns One verdict a goal; `met` is null where a side of the comparison has no time.
 */
export function judgeKernelGoals(
  cases: readonly KernelCaseResult[],
  peers: PeersReport | null,
): KernelGoalResult[] {
  const timed = new Map<string, Timed>();
  for (const { case: { name }, outcome } of cases) {
    if (outcome.kind === "timed") timed.set(name, outcome);
  }
  return cases.flatMap(({ case: { name, goals } }) =>
    goals.map((goal) => {
      const own = timed.get(name);
      const value = own === undefined ? null : goalValue(goal, { name, own, timed, peers });
      return { case: name, goal, value, met: value === null ? null : isMet(goal, value) };
    })
  );
}

interface Evidence {
  readonly name: string;
  readonly own: Timed;
  readonly timed: ReadonlyMap<string, Timed>;
  readonly peers: PeersReport | null;
}

function goalValue(goal: KernelGoal, { name, own, timed, peers }: Evidence): number | null {
  const { medianMs, ceilingShare, flopsPerSecond, overheadMicroseconds } = own.figures;
  switch (goal.kind) {
    case "ceiling":
      return ceilingShare;
    case "flops":
      return flopsPerSecond;
    case "overhead":
      return overheadMicroseconds;
    case "host":
      return own.host.planMs + own.host.uploadMs + own.host.recordMs;
    case "times": {
      const other = timed.get(goal.case);
      return other === undefined ? null : medianMs / other.figures.medianMs;
    }
    case "walk": {
      const other = timed.get(goal.case);
      if (other === undefined) return null;
      return medianMs / other.figures.medianMs / (own.keysRead / other.keysRead);
    }
    case "peer": {
      const times = (peers?.results ?? []).flatMap((result) =>
        result.case === name && (goal.peer === "any" || result.peer === goal.peer) &&
          result.outcome.kind === "timed"
          ? [result.outcome.medianMs]
          : []
      );
      return times.length === 0 ? null : Math.min(...times) / medianMs;
    }
  }
}

function isMet(goal: KernelGoal, value: number): boolean {
  switch (goal.kind) {
    case "ceiling":
    case "flops":
    case "peer":
      return value >= goal.atLeast;
    case "overhead":
      return value <= goal.atMostMicroseconds;
    case "host":
      return value <= goal.atMostMs;
    case "times":
      return value <= goal.atMost;
    case "walk":
      return Math.abs(value - 1) <= goal.within;
  }
}

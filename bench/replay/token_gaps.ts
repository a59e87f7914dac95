/** Gaps between tokens over all requests of a replay, weighted instead of written out. */

import type { Timeline } from "./timeline.ts";
import { firstRunOf, type TokenLog } from "./token_log.ts";

/** Gaps in any order, and how many tokens came at each. */
export interface WeightedGaps {
  /** Milliseconds; a value may stand there more than once. */
  readonly gapsMs: Float64Array;
  readonly tokens: Float64Array;
}

/** The clock that gaps are read from, for those that begin before the kept steps. */
export interface GapClock {
  /** Moment at the end of each kept step, in milliseconds. */
  readonly atMs: Float64Array;
  /** Moment of each kept request's last token before the kept steps, NaN or absent without one. */
  readonly beforeMs: Float64Array;
  /** The first kept request. */
  readonly base: number;
}

/**
 * Visits the gaps, in an order of its own, with how many tokens came at each; a long replay adds them
 * up one by one and holds none. Undisturbed runs of all requests share theirs, so they are counted by
 * step with a difference array for each number of tokens per step.
 */
export function forEachGap(
  log: TokenLog,
  timeline: Timeline,
  clock: GapClock,
  visit: (gapMs: number, tokens: number) => void,
): void {
  const { base, timed } = timeline;
  const at = (step: number): number => clock.atMs[step - base];
  const inside = new Map<number, Float64Array>();
  for (let run = 0; run < log.runs; run++) {
    const [step, steps, tokens] = [log.step[run], log.steps[run], log.tokens[run]];
    if (steps <= 1) continue;
    let counts = inside.get(tokens);
    if (counts === undefined) {
      counts = new Float64Array(timed - base + 1);
      inside.set(tokens, counts);
    }
    counts[step - base + 1]++;
    counts[step - base + steps]--;
  }
  for (const request of Int32Array.from(log.touched).sort()) {
    let beforeMs = clock.beforeMs[request - clock.base] ?? NaN;
    for (let run = firstRunOf(log, request); run >= 0; run = log.next[run]) {
      const [step, tokens] = [log.step[run], log.tokens[run]];
      if (!Number.isNaN(beforeMs)) visit((at(step) - beforeMs) / tokens, tokens);
      beforeMs = at(step + log.steps[run] - 1);
    }
  }
  for (const [tokens, counts] of inside) {
    let requests = 0;
    for (let index = 1; index < timed - base; index++) {
      requests += counts[index];
      if (requests === 0) continue;
      visit((clock.atMs[index] - clock.atMs[index - 1]) / tokens, requests * tokens);
    }
  }
}

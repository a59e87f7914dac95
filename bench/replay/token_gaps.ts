/** Gaps between tokens over all requests of a replay, weighted instead of written out. */

import type { TokenGaps } from "../result/mod.ts";
import type { Timeline } from "./timeline.ts";
import { firstRunOf, type TokenLog } from "./token_log.ts";

/** Most groups of gaps that are stored. */
const MOST_GROUPS = 256;
/** Groups with equally many gaps, the tail being one of them. */
const BODY_GROUPS = 192;

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
 * Collects the gaps. Undisturbed runs of all requests share theirs, so they are counted by step
 * with a difference array for each number of tokens per step.
 */
export function collectGaps(
  log: TokenLog,
  timeline: Timeline,
  clock: GapClock,
): WeightedGaps {
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
  const most = log.runs + inside.size * (timed - base);
  const [gaps, weights] = [new Float64Array(most), new Float64Array(most)];
  let found = 0;
  for (const request of Int32Array.from(log.touched).sort()) {
    let beforeMs = clock.beforeMs[request - clock.base] ?? NaN;
    for (let run = firstRunOf(log, request); run >= 0; run = log.next[run]) {
      const [step, tokens] = [log.step[run], log.tokens[run]];
      if (!Number.isNaN(beforeMs)) {
        gaps[found] = (at(step) - beforeMs) / tokens;
        weights[found++] = tokens;
      }
      beforeMs = at(step + log.steps[run] - 1);
    }
  }
  for (const [tokens, counts] of inside) {
    let requests = 0;
    for (let index = 1; index < timed - base; index++) {
      requests += counts[index];
      if (requests === 0) continue;
      gaps[found] = (clock.atMs[index] - clock.atMs[index - 1]) / tokens;
      weights[found++] = requests * tokens;
    }
  }
  return { gapsMs: gaps.subarray(0, found), tokens: weights.subarray(0, found) };
}

/**
 * Sorts gaps into at most 256 groups. Each is named by its largest gap, so that the share of tokens
 * up to that gap is exact. Gaps are told apart by the nanosecond. Where there are too many, 192
 * groups have equally many gaps, and the longest of them is split into 65, for the tail is what
 * people look at.
 *
 * @returns The groups, or null where no request has two tokens.
 */
export function groupGaps({ gapsMs, tokens }: WeightedGaps): TokenGaps | null {
  const nanoseconds = gapsMs.map((gap) => Math.round(gap * 1e6));
  // A native sort of plain numbers is several times faster than one of indices.
  const edges = chooseEdges(nanoseconds.filter((_, index) => tokens[index] > 0).sort());
  if (edges.length === 0) return null;
  const counts = new Float64Array(edges.length);
  for (let index = 0; index < nanoseconds.length; index++) {
    if (tokens[index] > 0) counts[firstAtLeast(edges, nanoseconds[index])] += tokens[index];
  }
  return { gapMs: Array.from(edges, (edge) => edge / 1e6), tokens: Array.from(counts) };
}

/** Largest gap of each group, of gaps in ascending order. */
function chooseEdges(sorted: Float64Array): Float64Array {
  const distinct = sorted.filter((gap, index) => index === 0 || gap !== sorted[index - 1]);
  if (distinct.length <= MOST_GROUPS) return distinct;
  const bodyEnd = Math.floor(sorted.length * (BODY_GROUPS - 1) / BODY_GROUPS);
  const last = (share: number, first: number, end: number): number =>
    sorted[Math.max(first, Math.ceil(first + share * (end - first)) - 1)];
  const body = spread(BODY_GROUPS - 1, (share) => last(share, 0, bodyEnd));
  const tail = spread(
    MOST_GROUPS - BODY_GROUPS + 1,
    (share) => last(share, bodyEnd, sorted.length),
  );
  return Float64Array.from(new Set([...body, ...tail]));
}

function spread(parts: number, pick: (share: number) => number): number[] {
  return Array.from({ length: parts }, (_, part) => pick((part + 1) / parts));
}

function firstAtLeast(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Gaps between tokens in groups that are stored. */

import type { TokenGaps } from "../result/mod.ts";
import { type SortedSample, valueAtRank } from "../statistics/mod.ts";

/** Most groups of gaps that are stored. */
const MOST_GROUPS = 256;
/** Groups with equally many gaps, the tail being one of them. */
const BODY_GROUPS = 192;

/**
 * Sorts gaps into at most 256 groups. Each is named by its largest gap, so that the share of tokens
 * up to that gap is exact. Gaps are told apart by the nanosecond. Where there are too many, 192
 * groups have equally many gaps, and the longest of them is split into 65, for the tail is what
 * people look at.
 *
 * @returns The groups, or null where no request has two tokens.
 */
export function groupGaps(parts: readonly SortedSample[]): TokenGaps | null {
  const edges = chooseEdges(parts);
  if (edges.length === 0) return null;
  const upTo = edges.map((edge) =>
    parts.reduce((total, { values, countUpTo }) => {
      const place = placeAfterNanoseconds(values, edge);
      return total + (place === 0 ? 0 : countUpTo[place - 1]);
    }, 0)
  );
  return {
    gapMs: edges.map((edge) => edge / 1e6),
    tokens: upTo.map((tokens, group) => group === 0 ? tokens : tokens - upTo[group - 1]),
  };
}

/** Largest gap of each group in nanoseconds, ascending. */
function chooseEdges(parts: readonly SortedSample[]): number[] {
  const distinct = firstNanoseconds(parts, MOST_GROUPS + 1);
  if (distinct.length <= MOST_GROUPS) return distinct;
  const places = parts.reduce((sum, { placesUpTo }) => sum + (placesUpTo.at(-1) ?? 0), 0);
  const bodyEnd = Math.floor(places * (BODY_GROUPS - 1) / BODY_GROUPS);
  const last = (share: number, first: number, end: number): number => {
    const rank = Math.max(first, Math.ceil(first + share * (end - first)) - 1);
    return nanoseconds(valueAtRank(parts, "placesUpTo", rank));
  };
  const body = spread(BODY_GROUPS - 1, (share) => last(share, 0, bodyEnd));
  const tail = spread(MOST_GROUPS - BODY_GROUPS + 1, (share) => last(share, bodyEnd, places));
  return [...new Set([...body, ...tail])];
}

function spread(parts: number, pick: (share: number) => number): number[] {
  return Array.from({ length: parts }, (_, part) => pick((part + 1) / parts));
}

function nanoseconds(gapMs: number): number {
  return Math.round(gapMs * 1e6);
}

/** The shortest different gaps, `most` at the most. */
function firstNanoseconds(parts: readonly SortedSample[], most: number): number[] {
  const found: number[] = [];
  let before = -1;
  while (found.length < most) {
    let next = Infinity;
    for (const { values } of parts) {
      const place = placeAfterNanoseconds(values, before);
      if (place < values.length) next = Math.min(next, nanoseconds(values[place]));
    }
    if (next === Infinity) break;
    found.push(before = next);
  }
  return found;
}

/** The first place of a gap that is longer by a nanosecond, rounded. */
function placeAfterNanoseconds(gapsMs: Float64Array, edge: number): number {
  let [low, high] = [0, gapsMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (nanoseconds(gapsMs[middle]) <= edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

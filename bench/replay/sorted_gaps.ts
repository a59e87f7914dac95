/**
 * Gaps between tokens in ascending order, one list a replica. Sorting is most of the work and is done
 * where the replica was replayed; what is asked of all replicas together follows from a few binary
 * searches in each list.
 */

import type { Summary, TokenGaps } from "../result/mod.ts";
import { summarizeRanks } from "../statistics/mod.ts";
import type { WeightedGaps } from "./token_gaps.ts";

/** Gaps of one replay, each once, ascending. */
export interface SortedGaps {
  /** Milliseconds. */
  readonly gapsMs: Float64Array;
  /** Tokens that came at this gap or a shorter one. */
  readonly tokensUpTo: Float64Array;
  /** Places of the sample, whatever their tokens, that hold this gap or a shorter one. */
  readonly placesUpTo: Float64Array;
  /** Σ of gap · tokens, in the order in which they were collected. */
  readonly sumMs: number;
}

/** Most groups of gaps that are stored. */
const MOST_GROUPS = 256;
/** Groups with equally many gaps, the tail being one of them. */
const BODY_GROUPS = 192;

/** Sorts gaps; those that no token came at are left out. */
export function sortGaps({ gapsMs, tokens }: WeightedGaps): SortedGaps {
  // A native sort of plain numbers is several times faster than one of indices.
  const sorted = gapsMs.filter((_, index) => tokens[index] > 0).sort();
  const placesUpTo = new Float64Array(sorted.length);
  let distinct = 0;
  for (let place = 0; place < sorted.length; place++) {
    if (place > 0 && sorted[place] !== sorted[place - 1]) distinct++;
    sorted[distinct] = sorted[place];
    placesUpTo[distinct] = place + 1;
  }
  const count = sorted.length === 0 ? 0 : distinct + 1;
  const list = sorted.slice(0, count);
  const tokensUpTo = new Float64Array(count);
  let sumMs = 0;
  for (let index = 0; index < gapsMs.length; index++) {
    if (tokens[index] === 0) continue;
    tokensUpTo[placeAfter(list, gapsMs[index], 0, count) - 1] += tokens[index];
    sumMs += tokens[index] * gapsMs[index];
  }
  for (let place = 1; place < count; place++) tokensUpTo[place] += tokensUpTo[place - 1];
  return { gapsMs: list, tokensUpTo, placesUpTo: placesUpTo.slice(0, count), sumMs };
}

/** The sample that was sorted, each gap with all of its tokens. */
export function weightedGaps({ gapsMs, tokensUpTo }: SortedGaps): WeightedGaps {
  const tokens = tokensUpTo.map((upTo, place) => place === 0 ? upTo : upTo - tokensUpTo[place - 1]);
  return { gapsMs, tokens };
}

/** Summarises the gaps of replicas together; null where no token followed another. */
export function summarizeGaps(parts: readonly SortedGaps[]): Summary | null {
  const held = parts.filter(({ gapsMs }) => gapsMs.length > 0);
  if (held.length === 0) return null;
  return summarizeRanks({
    count: held.reduce((total, { tokensUpTo }) => total + tokensUpTo[tokensUpTo.length - 1], 0),
    sum: held.reduce((total, { sumMs }) => total + sumMs, 0),
    min: Math.min(...held.map(({ gapsMs }) => gapsMs[0])),
    max: Math.max(...held.map(({ gapsMs }) => gapsMs[gapsMs.length - 1])),
    selectRank: (rank) => selectGap(held, "tokensUpTo", rank),
  });
}

/**
 * Sorts gaps into at most 256 groups. Each is named by its largest gap, so that the share of tokens
 * up to that gap is exact. Gaps are told apart by the nanosecond. Where there are too many, 192
 * groups have equally many gaps, and the longest of them is split into 65, for the tail is what
 * people look at.
 *
 * @returns The groups, or null where no request has two tokens.
 */
export function groupGaps(parts: readonly SortedGaps[]): TokenGaps | null {
  const edges = chooseEdges(parts);
  if (edges.length === 0) return null;
  const upTo = edges.map((edge) =>
    parts.reduce((total, { gapsMs, tokensUpTo }) => {
      const place = placeAfterNanoseconds(gapsMs, edge);
      return total + (place === 0 ? 0 : tokensUpTo[place - 1]);
    }, 0)
  );
  return {
    gapMs: edges.map((edge) => edge / 1e6),
    tokens: upTo.map((tokens, group) => group === 0 ? tokens : tokens - upTo[group - 1]),
  };
}

/** Largest gap of each group in nanoseconds, ascending. */
function chooseEdges(parts: readonly SortedGaps[]): number[] {
  const distinct = firstNanoseconds(parts, MOST_GROUPS + 1);
  if (distinct.length <= MOST_GROUPS) return distinct;
  const places = parts.reduce((sum, { placesUpTo }) => sum + (placesUpTo.at(-1) ?? 0), 0);
  const bodyEnd = Math.floor(places * (BODY_GROUPS - 1) / BODY_GROUPS);
  const last = (share: number, first: number, end: number): number => {
    const rank = Math.max(first, Math.ceil(first + share * (end - first)) - 1);
    return nanoseconds(selectGap(parts, "placesUpTo", rank));
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
function firstNanoseconds(parts: readonly SortedGaps[], most: number): number[] {
  const found: number[] = [];
  let before = -1;
  while (found.length < most) {
    let next = Infinity;
    for (const { gapsMs } of parts) {
      const place = placeAfterNanoseconds(gapsMs, before);
      if (place < gapsMs.length) next = Math.min(next, nanoseconds(gapsMs[place]));
    }
    if (next === Infinity) break;
    found.push(before = next);
  }
  return found;
}

/**
 * The gap at a rank of all lists together, from 0: the least one that more than `rank` of what is
 * counted have reached. Each round halves the longest list that is left.
 */
function selectGap(
  parts: readonly SortedGaps[],
  key: "tokensUpTo" | "placesUpTo",
  rank: number,
): number {
  const lows = parts.map(() => 0);
  const highs = parts.map(({ gapsMs }) => gapsMs.length);
  const places = parts.map(() => 0);
  let found = NaN;
  while (true) {
    let longest = 0;
    for (let part = 1; part < parts.length; part++) {
      if (highs[part] - lows[part] > highs[longest] - lows[longest]) longest = part;
    }
    if (highs[longest] === lows[longest]) return found;
    const pivot = parts[longest].gapsMs[(lows[longest] + highs[longest]) >> 1];
    let reached = 0;
    for (let part = 0; part < parts.length; part++) {
      const place = placeAfter(parts[part].gapsMs, pivot, lows[part], highs[part]);
      places[part] = place;
      if (place > 0) reached += parts[part][key][place - 1];
    }
    const isReached = reached > rank;
    if (isReached) found = pivot;
    for (let part = 0; part < parts.length; part++) {
      const place = places[part];
      if (!isReached) lows[part] = place;
      else {
        // The pivot itself is known: each list has it once.
        const holdsPivot = place > lows[part] && parts[part].gapsMs[place - 1] === pivot;
        highs[part] = holdsPivot ? place - 1 : place;
      }
    }
  }
}

/** The first place in [low, high) of a longer gap, or `high`. */
function placeAfter(gapsMs: Float64Array, gapMs: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (gapsMs[middle] <= gapMs) low = middle + 1;
    else high = middle;
  }
  return low;
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

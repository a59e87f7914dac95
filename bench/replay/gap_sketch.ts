/**
 * Gaps in buckets, for replays whose gaps are too many to keep. A bucket is named by the leading bits
 * of the number itself: its exponent and 12 bits of its mantissa, so that all values in it are within
 * 2⁻¹² of each other, relatively, and the middle of it is within 2⁻¹³ of each.
 */

import type { Summary } from "../result/mod.ts";
import { summarizeWeighted } from "../statistics/mod.ts";
import type { WeightedGaps } from "./token_gaps.ts";

/** Largest relative distance of a quantile from the exact one. */
export const SKETCH_RELATIVE_ERROR: number = 2 ** -13;

const MANTISSA_BITS = 12;
const DROPPED_BITS = 20 - MANTISSA_BITS;
/** Shorter gaps than 2⁻³⁰ ms and longer than 2³⁴ ms fall into the outermost buckets. */
const [LEAST, MOST] = [2 ** -30, 2 ** 34];

/** Gaps in buckets. */
export interface GapSketch {
  /** Tokens of each bucket. */
  readonly counts: Float64Array;
  /** Σ of gap · tokens, which the mean is exact by. */
  sum: number;
  /** Shortest gap. */
  least: number;
  /** Longest gap. */
  most: number;
}

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

function bucketOf(value: number): number {
  word[0] = value < LEAST ? LEAST : value > MOST ? MOST : value;
  return halves[HIGH] >>> DROPPED_BITS;
}

const FIRST = bucketOf(LEAST);

/** Creates an empty sketch. */
export function createGapSketch(): GapSketch {
  return {
    counts: new Float64Array(bucketOf(MOST) - FIRST + 1),
    sum: 0,
    least: Infinity,
    most: -Infinity,
  };
}

/** Adds a gap at which so many tokens came. */
export function addGap(sketch: GapSketch, gapMs: number, tokens: number): void {
  if (tokens === 0) return;
  sketch.counts[bucketOf(gapMs) - FIRST] += tokens;
  sketch.sum += tokens * gapMs;
  sketch.least = Math.min(sketch.least, gapMs);
  sketch.most = Math.max(sketch.most, gapMs);
}

/** Adds what another sketch holds. */
export function mergeSketch(sketch: GapSketch, other: GapSketch): void {
  // Memory that was never written is not there yet: most buckets stay empty.
  other.counts.forEach((count, bucket) => {
    if (count > 0) sketch.counts[bucket] += count;
  });
  sketch.sum += other.sum;
  sketch.least = Math.min(sketch.least, other.least);
  sketch.most = Math.max(sketch.most, other.most);
}

/** The middle of each bucket that holds a gap, and the tokens in it. */
export function gapsOf({ counts, least, most }: GapSketch): WeightedGaps {
  let held = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) if (counts[bucket] > 0) held++;
  const [gapsMs, tokens] = [new Float64Array(held), new Float64Array(held)];
  let at = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    if (counts[bucket] === 0) continue;
    halves[HIGH] = ((bucket + FIRST) << DROPPED_BITS) | (1 << (DROPPED_BITS - 1));
    halves[1 - HIGH] = 0;
    gapsMs[at] = Math.min(most, Math.max(least, word[0]));
    tokens[at++] = counts[bucket];
  }
  return { gapsMs, tokens };
}

/** Summarises a sketch: count, mean, least and most exactly, quantiles within the error above. */
export function summarizeSketch(sketch: GapSketch): Summary | null {
  const { gapsMs, tokens } = gapsOf(sketch);
  const summary = summarizeWeighted(gapsMs, tokens);
  if (summary === null) return null;
  return { ...summary, mean: sketch.sum / summary.count, min: sketch.least, max: sketch.most };
}

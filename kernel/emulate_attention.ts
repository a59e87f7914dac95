/**
 * Attention as a kernel of a declared arithmetic computes it, rounding by rounding: what the error bound
 * is held against, and what faults are seeded into. Where the declaration leaves a choice, the seed chooses.
 */

import type { Arithmetic } from "./arithmetic.ts";
import { createRandom, type Random } from "../allocator/mod.ts";
import { type QueryRow, queryRows, rowWeights } from "./oracle_direct.ts";
import type { AttentionProblem } from "./problem.ts";
import { type CacheSide, channelScales, createRowReader } from "./quantised/quantised_tensor.ts";
import { kvHeadOf } from "./shape.ts";
import { decodeValues, encodeValue, type StorageType } from "./storage_type.ts";

const f32 = Math.fround;

/** How the work is cut, and what a wrong kernel does wrong. */
export interface EmulatorOptions {
  /** Seed of what the arithmetic leaves open. */
  readonly seed: number;
  /** Keys between two looks at the running maximum. */
  readonly blockKeys?: number;
  /** Keys of a split. */
  readonly splitKeys?: number;
  /** Multiplies every rounding of weights: 1 is a right kernel. */
  readonly coarser?: Partial<Record<"weights" | "exponentials" | "query", number>>;
  /** Which visible keys are left out. */
  readonly skip?: (key: number) => boolean;
}

/** Rounds to so many bits of significand, to nearest with ties to even, or towards zero. */
function toBits(
  value: number,
  bits: number,
  o: { truncate?: boolean; smallest?: number } = {},
): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), o.smallest ?? -126);
  const unit = 2 ** (exponent - bits + 1);
  const steps = value / unit;
  if (o.truncate === true) return Math.trunc(steps) * unit;
  const below = Math.floor(steps);
  const rest = steps - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) * unit;
}

const SIGNIFICAND_BITS = { f32: 24, tf32: 11, f16: 11, bf16: 8 } as const;

type Rounder = (value: number) => number;

function rounderOf(
  type: Arithmetic["weights"],
  o: { storage: StorageType; either?: Random | undefined; coarser?: number | undefined },
): Rounder {
  const name = type === "storage" ? o.storage : type;
  if (name === "f32") return f32;
  const bits = SIGNIFICAND_BITS[name] - Math.log2(o.coarser ?? 1);
  const smallest = name === "f16" ? -14 : -126;
  const { either } = o;
  if (either === undefined) return (value) => toBits(value, bits, { smallest });
  return (value) => {
    if (Math.abs(value) < 2 ** smallest) return 0;
    const towardsZero = toBits(value, bits, { truncate: true, smallest });
    if (towardsZero === value || either.nextFloat() < 0.5) return towardsZero;
    return towardsZero + 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits + 1);
  };
}

/** Σ a·b as the units add it up, onto `start`. */
function sumProducts(
  start: number,
  terms: number,
  o: { a: Arithmetic; product: (i: number) => number },
): number {
  let sum = start;
  if (o.a.accumulate === "f16") {
    for (let i = 0; i < terms; i++) sum = Math.f16round(sum + Math.f16round(o.product(i)));
    return sum;
  }
  if (o.a.sums === "fma") {
    for (let i = 0; i < terms; i++) sum = f32(sum + o.product(i));
    return sum;
  }
  const block = new Float64Array(4);
  for (let i = 0; i < terms; i += 4) {
    const count = Math.min(4, terms - i);
    let largest = Math.abs(sum);
    for (let j = 0; j < count; j++) {
      block[j] = o.product(i + j);
      largest = Math.max(largest, Math.abs(block[j]));
    }
    if (largest === 0) continue;
    // Aligned to the largest and truncated, each term by itself. What is not finite aligns to nothing.
    const unit = Number.isFinite(largest) ? 2 ** (Math.floor(Math.log2(largest)) - 23) : 1;
    let all = Math.trunc(sum / unit) * unit;
    for (let j = 0; j < count; j++) all += Math.trunc(block[j] / unit) * unit;
    sum = toBits(all, 24, { truncate: true });
  }
  return sum;
}

interface Part {
  maximum: number;
  denominator: number;
  sums: Float64Array;
}

/**
 * Runs the problem's rows.
 *
 * @returns [T, Hq, D] output bits of the storage type, and [T, Hq] log-sum-exps.
 */
export function emulateAttention(
  p: AttentionProblem,
  a: Arithmetic,
  o: EmulatorOptions,
): { output: Uint16Array; logSumExp: Float32Array } {
  const { batch, queryHeads, headSize } = p.shape;
  const rows = p.queryStarts[batch] * queryHeads;
  const output = new Uint16Array(rows * headSize);
  const logSumExp = new Float32Array(rows);
  queryRows(p).forEach((at, index) => {
    const row = emulateRow(p, a, { ...o, at, index });
    output.set(row.output, index * headSize);
    logSumExp[index] = row.logSumExp;
  });
  return { output, logSumExp };
}

function emulateRow(
  p: AttentionProblem,
  a: Arithmetic,
  o: EmulatorOptions & { at: QueryRow; index: number },
): { output: Uint16Array; logSumExp: number } {
  const { headSize, storage } = p.shape;
  const random = createRandom(o.seed * 7919 + o.index);
  const either = a.weightRounding === "either" ? random : undefined;
  const round = {
    query: rounderOf("storage", { storage, coarser: o.coarser?.query }),
    factor: (value: number): number =>
      a.scores === "tf32" ? toBits(value, 11, { truncate: true }) : value,
    score: a.scores === "tf32" ? f32 : rounderOf(a.scores, { storage }),
    weight: rounderOf(a.weights, { storage, either, coarser: o.coarser?.weights }),
    sum: a.accumulate === "f16" ? Math.f16round : f32,
    stored: rounderOf("storage", { storage }),
  };
  const exponential = (x: number): number => {
    if (x === -Infinity) return 0;
    const sign = random.nextFloat() < 0.5 ? -1 : 1;
    const error = Math.max(0, a.exponentialError - 2 ** -24) * (o.coarser?.exponentials ?? 1);
    return f32(2 ** x * (1 + sign * error));
  };
  const factor = f32((p.scale ?? 1 / Math.sqrt(headSize)) * Math.LOG2E);
  const begin = o.index * headSize;
  const queries = Array.from(decodeValues(storage, p.query.subarray(begin, begin + headSize)));
  const head = kvHeadOf(p.shape, o.at.queryHead);
  const query = a.query === "fixed16"
    ? fixedQuery(queries, channelScales(p, { side: "keys", head }), o.coarser?.query ?? 1)
    : a.query === "rescaled"
    ? queries.map((value) => round.query(f32(value * factor)))
    : a.scores === "tf32"
    ? queries.map((value) => round.factor(f32(value * factor)))
    : queries;
  const isScaled = a.query === "rescaled" || a.scores === "tf32";
  const offsets = rowWeights(p, o.at).offsets.filter((_, i) => o.skip?.(i) !== true);
  const dequantised = a.dequantised === "storage" ? round.stored : (value: number) => value;
  const keys = readRows(p, "keys", { offsets, head }).map(dequantised);
  const values = readRows(p, "values", { offsets, head }).map(dequantised);
  const scores = offsets.map((_, i) => {
    const dot = sumProducts(0, headSize, {
      a: { ...a, accumulate: "f32" },
      product: (d) => query[d] * keys[i * headSize + d],
    });
    return round.score(isScaled ? dot : f32(dot * factor));
  });
  const value = (i: number, d: number): number => values[i * headSize + d];
  const sink = p.sinkLogits === undefined
    ? -Infinity
    : f32(p.sinkLogits[o.at.queryHead] * f32(Math.LOG2E));
  const work = { scores, value, round, exponential, headSize };
  const row = a.normalised === "before"
    ? attendBefore(a, { ...work, sink })
    : attendAfter(a, { ...work, sink, blockKeys: o.blockKeys ?? 16, splitKeys: o.splitKeys });
  const bits = Uint16Array.from(row.output, (each) => encodeValue(storage, each));
  return { output: bits, logSumExp: row.logSumExp };
}

/** A query in whole steps of its largest element, which scales of key channels are taken into. */
function fixedQuery(
  queries: readonly number[],
  channels: Float64Array | null,
  coarser: number,
): number[] {
  const scaled = queries.map((value, d) => value * (channels?.[d] ?? 1));
  const largest = scaled.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = largest * coarser / 32639;
  return queries.map((value, d) =>
    scaled[d] === 0 ? 0 : value * (Math.round(scaled[d] / step) * step / scaled[d])
  );
}

/** [rows, D] exact values at those offsets. */
function readRows(
  p: AttentionProblem,
  side: CacheSide,
  o: { offsets: readonly number[]; head: number },
): Float64Array {
  const read = createRowReader(p, side);
  const rows = new Float64Array(o.offsets.length * p.shape.headSize);
  o.offsets.forEach((offset, i) => rows.set(read(offset, o.head), i * p.shape.headSize));
  return rows;
}

interface Work {
  readonly scores: readonly number[];
  readonly value: (i: number, d: number) => number;
  readonly round: Readonly<Record<"weight" | "sum" | "stored", Rounder>>;
  readonly exponential: Rounder;
  readonly headSize: number;
  readonly sink: number;
}

/** Softmax first, then its weights rounded and multiplied. */
function attendBefore(a: Arithmetic, w: Work): { output: number[]; logSumExp: number } {
  const maximum = Math.max(w.sink, ...w.scores);
  const raw = w.scores.map((score) => w.exponential(f32(score - maximum)));
  const keys = raw.reduce((sum, each) => w.round.sum(sum + each), 0);
  const denominator = w.sink === -Infinity
    ? keys
    : w.round.sum(keys + w.exponential(f32(w.sink - maximum)));
  const weights = raw.map((each) =>
    w.round.weight(f32(each / denominator) * a.weightScale) / a.weightScale
  );
  const output = Array.from(
    { length: w.headSize },
    (_, d) => sumProducts(0, weights.length, { a, product: (i) => weights[i] * w.value(i, d) }),
  );
  return { output, logSumExp: (maximum + Math.log2(keys)) * Math.LN2 };
}

/** A running softmax over blocks, in splits that are merged. */
function attendAfter(
  a: Arithmetic,
  w: Work & { blockKeys: number; splitKeys: number | undefined },
): { output: number[]; logSumExp: number } {
  const { sum: roundSum } = w.round;
  const shrink = (part: Part, by: number): void => {
    part.denominator = roundSum(part.denominator * by);
    for (let d = 0; d < w.headSize; d++) part.sums[d] = roundSum(part.sums[d] * by);
  };
  const splitKeys = w.splitKeys ?? Math.max(1, w.scores.length);
  const parts: Part[] = [];
  for (let from = 0; from < w.scores.length; from += splitKeys) {
    const part: Part = { maximum: -Infinity, denominator: 0, sums: new Float64Array(w.headSize) };
    const end = Math.min(w.scores.length, from + splitKeys);
    for (let at = from; at < end; at += w.blockKeys) {
      const block = w.scores.slice(at, Math.min(end, at + w.blockKeys));
      const maximum = Math.max(part.maximum, ...block);
      if (maximum - part.maximum > a.rescaleThreshold || part.maximum === -Infinity) {
        if (part.maximum !== -Infinity) shrink(part, w.exponential(f32(part.maximum - maximum)));
        part.maximum = maximum;
      }
      const raw = block.map((score) => w.exponential(f32(score - part.maximum)));
      const rounded = raw.map((each) => w.round.weight(each * a.weightScale) / a.weightScale);
      for (const each of a.denominator === "rounded" ? rounded : raw) {
        part.denominator = roundSum(part.denominator + each);
      }
      for (let d = 0; d < w.headSize; d++) {
        part.sums[d] = sumProducts(part.sums[d], rounded.length, {
          a,
          product: (i) => rounded[i] * w.value(at + i, d),
        });
      }
    }
    if (a.partials === "storage") {
      part.sums = part.sums.map((sum) => w.round.stored(f32(sum / part.denominator)));
    }
    parts.push(part);
  }
  const maximum = Math.max(w.sink, ...parts.map((part) => part.maximum));
  let denominator = 0;
  const sums = new Float64Array(w.headSize);
  for (const part of parts) {
    const by = w.exponential(f32(part.maximum - maximum));
    const share = roundSum(by * part.denominator);
    denominator = roundSum(denominator + share);
    const factor = a.partials === "storage" ? share : by;
    for (let d = 0; d < w.headSize; d++) {
      sums[d] = roundSum(sums[d] + roundSum(factor * part.sums[d]));
    }
  }
  // Of the keys alone: scaled by the sink's maximum their weights may all be lost in float16.
  const keyMaximum = Math.max(-Infinity, ...parts.map((part) => part.maximum));
  const keyDenominator = parts.reduce(
    (sum, part) =>
      roundSum(sum + roundSum(w.exponential(f32(part.maximum - keyMaximum)) * part.denominator)),
    0,
  );
  const logSumExp = f32((keyMaximum + Math.log2(keyDenominator)) * Math.LN2);
  if (w.sink !== -Infinity) {
    denominator = roundSum(denominator + w.exponential(f32(w.sink - maximum)));
  }
  return {
    output: Array.from(sums, (sum) => denominator === 0 ? 0 : sum / denominator),
    logSumExp,
  };
}

/** What `tools/kernel_attempts.ts` compares: variants of the kernel for each row of docs/kernel.md. */

import type { AttendTuning } from "../kernel/mod.ts";

/** Parts of a tuning other than the default, and what else a variant changes. */
export type KernelVariant = Partial<AttendTuning> & {
  /** Where a request's pages lie. */
  readonly pages?: "scattered" | "ascending";
};

/** Cases of the kernel benchmark, and variants to time on each. */
export interface KernelAttempt {
  /** What is tried. */
  readonly name: string;
  /** Whose compiler it is about. */
  readonly compiler: "naga" | "tint" | "any";
  readonly cases: readonly string[];
  /** Variants by label, what is to be replaced first. */
  readonly variants: Readonly<Record<string, KernelVariant>>;
}

/** What every shape had before any was measured by itself. */
const BEFORE = { lanesPerKey: 4, keysPerGroup: 2, rowsOfSubgroup: 5 } as const;
/** What short steps have. */
const SHORT = { subgroups: 4, mergesInside: true, ...BEFORE } as const;
/** Lanes of a key and keys of such a group of lanes, where a tile has 16 keys in any case. */
const EIGHT_BY_FOUR = { lanesPerKey: 8, keysPerGroup: 4 } as const;
const SIXTEEN_BY_EIGHT = { lanesPerKey: 16, keysPerGroup: 8 } as const;
/** The same of 32 keys. */
const FOUR_BY_FOUR = { lanesPerKey: 4, keysPerGroup: 4 } as const;
/** Rows whose keys a subgroup reads once. */
const EIGHT_ROWS = { rowsOfSubgroup: 8 } as const;
/** Of codes twice as many keys share a group of lanes; fewer registers let more items run at once. */
const MORE_ITEMS = { lanesPerKey: 8, keysPerGroup: 2, parallelItems: 792 } as const;
const SIXTEEN_OF_CODES = { lanesPerKey: 16, keysPerGroup: 4 } as const;
/** Values a tile ahead, as keys are. */
const AHEAD = { valuesAhead: true } as const;
/** A matrix of 16 keys for five rows and more. */
const MATRIX_OF_16 = { rowFragments: 1, tileKeys: 16, leastRows: 5 } as const;
/** No matrix for codes, and none for few rows. */
const NO_CODES = { rowFragments: 1, tileKeys: 16, leastRows: 17, codes: false } as const;

/** All attempts, what decides most first: a run that is cut short has those. */
export const ATTEMPTS: readonly KernelAttempt[] = [
  {
    name: "five rows",
    compiler: "naga",
    cases: ["decode-32x16k-g5", "decode-32x16k-g5-window", "decode-256x4k-g5"],
    variants: {
      before: BEFORE,
      "16 lanes and 8 keys": SIXTEEN_BY_EIGHT,
      "the same, items for two waves": { ...SIXTEEN_BY_EIGHT, parallelItems: 1056 },
      "the same, items for four waves": { ...SIXTEEN_BY_EIGHT, parallelItems: 2112 },
      "8 lanes and 4 keys": EIGHT_BY_FOUR,
    },
  },
  {
    name: "eight rows",
    compiler: "naga",
    cases: ["decode-128x8k-g8"],
    variants: {
      before: BEFORE,
      "eight rows, 16 lanes and 4 keys": { ...EIGHT_ROWS, lanesPerKey: 16, keysPerGroup: 4 },
      "eight rows, 4 values in flight": { ...BEFORE, ...EIGHT_ROWS, valuesInFlight: 4 },
      "eight rows, 8 lanes and 4 keys": { ...EIGHT_ROWS, ...EIGHT_BY_FOUR },
      "eight rows": { ...BEFORE, ...EIGHT_ROWS },
      "four rows, 16 lanes and 8 keys": SIXTEEN_BY_EIGHT,
      "four rows, 8 lanes and 4 keys": EIGHT_BY_FOUR,
      "four rows, 4 lanes and 4 keys": FOUR_BY_FOUR,
    },
  },
  {
    name: "half heads",
    compiler: "naga",
    cases: ["decode-128x8k-g8-d64"],
    variants: {
      before: BEFORE,
      "eight rows, 8 lanes and 4 keys": { ...EIGHT_ROWS, ...EIGHT_BY_FOUR },
      "eight rows, 4 lanes and 4 keys": { ...EIGHT_ROWS, ...FOUR_BY_FOUR },
      "eight rows": { ...BEFORE, ...EIGHT_ROWS },
    },
  },
  {
    name: "speculative",
    compiler: "naga",
    cases: ["decode-32x16k-g2", "speculative-4-g2", "speculative-8-g2"],
    variants: {
      before: BEFORE,
      "eight rows, 8 lanes and 4 keys": { ...EIGHT_ROWS, ...EIGHT_BY_FOUR },
      "eight rows": { ...BEFORE, ...EIGHT_ROWS },
      "five rows, 8 lanes and 4 keys": EIGHT_BY_FOUR,
    },
  },
  {
    name: "ragged",
    compiler: "naga",
    cases: ["decode-ragged-g8"],
    variants: {
      before: BEFORE,
      "eight rows, 8 lanes and 4 keys": { ...EIGHT_ROWS, ...EIGHT_BY_FOUR },
      "four rows, 8 lanes and 4 keys": EIGHT_BY_FOUR,
    },
  },
  {
    name: "matrix decode",
    compiler: "tint",
    cases: [
      "matrix-speculative-8-g2",
      "matrix-decode-128x8k-g8",
      "matrix-decode-32x16k-g5",
      "matrix-decode-8x1k-g8",
    ],
    variants: {
      before: { matrix: NO_CODES },
      "matrices, a tile ahead": { matrix: MATRIX_OF_16 },
      "the same, items for two waves": { matrix: MATRIX_OF_16, parallelItems: 1056 },
    },
  },
  {
    name: "matrix prefill",
    compiler: "tint",
    cases: ["matrix-prefill-8k-g5"],
    variants: {
      before: { matrix: { rowFragments: 1, tileKeys: 16 } },
      "32 keys": { matrix: { rowFragments: 1, tileKeys: 32 } },
      "32 rows": { matrix: { rowFragments: 2, tileKeys: 16 } },
    },
  },
  {
    name: "codes by matrices",
    compiler: "tint",
    cases: [
      "quantised-prefill-8k-g5-c16",
      "quantised-prefill-8k-g5-fp8",
      "quantised-prefill-8k-g5-fp4",
      "quantised-decode-32x16k-g8-c16",
      "quantised-decode-32x16k-g8-fp8",
      "quantised-decode-32x16k-g5-c16",
      "quantised-decode-32x16k-g5-fp8",
      "quantised-decode-32x16k-g8-fp4",
      "quantised-decode-32x16k-g5-fp4",
      "quantised-decode-32x16k-g8-int8-head",
      "quantised-decode-32x16k-g5-int8-head",
    ],
    variants: { before: { matrix: NO_CODES }, "16 keys": { matrix: MATRIX_OF_16 } },
  },
  {
    name: "small",
    compiler: "naga",
    cases: ["decode-1x1k-g8", "decode-1x8k-g8", "decode-8x1k-g8"],
    variants: {
      before: { short: SHORT },
      "eight rows": { short: { ...SHORT, ...EIGHT_ROWS } },
      "eight rows, 8 lanes and 4 keys": { short: { ...SHORT, ...EIGHT_ROWS, ...EIGHT_BY_FOUR } },
      "8 lanes and 4 keys": { short: { ...SHORT, ...EIGHT_BY_FOUR } },
    },
  },
  {
    name: "addresses",
    compiler: "naga",
    cases: ["decode-128x128k-g8-d64"],
    variants: {
      "pages by address": {},
      "pages by address, five rows": { ...BEFORE, parallelItems: 1056 },
    },
  },
  {
    name: "codes, C16",
    compiler: "any",
    cases: [
      "quantised-decode-32x16k-g2-c16",
      "quantised-decode-32x16k-g5-c16",
      "quantised-decode-32x16k-g8-c16",
    ],
    variants: { default: {} },
  },
  {
    name: "codes, one token",
    compiler: "any",
    cases: [
      "quantised-decode-32x16k-g2-int8-head",
      "quantised-decode-32x16k-g2-int4",
      "quantised-decode-32x16k-g2-int8",
    ],
    variants: {
      "values ahead": AHEAD,
      default: {},
      "8 lanes and 8 keys": { keysPerGroup: 4 },
    },
  },
  {
    name: "codes, floats",
    compiler: "any",
    cases: ["quantised-decode-32x16k-g2-fp8", "quantised-decode-32x16k-g2-fp4"],
    variants: {
      default: {},
      "8 lanes, values ahead": { ...MORE_ITEMS, ...AHEAD, parallelItems: 1056 },
    },
  },
  {
    name: "codes, groups",
    compiler: "any",
    cases: [
      "quantised-decode-32x16k-g5-int8-head",
      "quantised-decode-32x16k-g5-int4",
      "quantised-decode-32x16k-g8-int8-head",
    ],
    variants: {
      "8 lanes and 4 keys, more items, values ahead": { ...MORE_ITEMS, ...AHEAD },
      "8 lanes and 4 keys, more items": MORE_ITEMS,
      "16 lanes and 8 keys": SIXTEEN_OF_CODES,
    },
  },
  {
    name: "codes, C16 ahead",
    compiler: "any",
    cases: ["quantised-decode-32x16k-g5-c16"],
    variants: { "values ahead": AHEAD },
  },
  {
    name: "floats in groups, C16",
    compiler: "any",
    cases: ["quantised-decode-32x16k-g5-c16", "quantised-decode-32x16k-g8-c16"],
    variants: { default: {} },
  },
  {
    name: "floats in groups",
    compiler: "any",
    cases: [
      "quantised-decode-32x16k-g5-fp8",
      "quantised-decode-32x16k-g8-fp8",
      "quantised-decode-32x16k-g5-fp4",
      "quantised-decode-32x16k-g8-fp4",
    ],
    variants: {
      default: {},
      "8 lanes and 4 keys, more items, values ahead": { ...MORE_ITEMS, ...AHEAD },
      "16 lanes and 8 keys": SIXTEEN_OF_CODES,
    },
  },
  {
    name: "codes, the other groups",
    compiler: "any",
    cases: ["quantised-decode-32x16k-g5-int8", "quantised-decode-32x16k-g8-int4"],
    variants: {
      "8 lanes and 4 keys, more items, values ahead": { ...MORE_ITEMS, ...AHEAD },
      "16 lanes and 8 keys": SIXTEEN_OF_CODES,
    },
  },
];

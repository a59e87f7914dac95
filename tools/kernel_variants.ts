/** What `tools/kernel_attempts.ts` compares: variants of the kernel for each row of docs/kernel.md. */

import type { AttendTuning } from "../kernel/mod.ts";

/** Parts of a tuning other than the default, and what else a variant changes. */
export type KernelVariant = Partial<AttendTuning> & {
  /** Fewest rows of decode that matrices multiply. */
  readonly leastMatrixRows?: number;
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

/** One group of rows, splits by waves: what version 0.1 did. */
const BEFORE = { rowGroups: 1, isChained: false } as const;

/** All attempts. */
export const ATTEMPTS: readonly KernelAttempt[] = [
  {
    name: "small",
    compiler: "naga",
    cases: ["decode-1x1k-g8", "decode-1x8k-g8", "decode-8x1k-g8"],
    variants: {
      before: BEFORE,
      "one group, merged inside": { short: { subgroups: 2, mergesInside: true } },
      "one group of four subgroups": { short: { subgroups: 4, mergesInside: false } },
      "one group of four, merged inside": { short: { subgroups: 4, mergesInside: true } },
      "one group of eight, merged inside": { short: { subgroups: 8, mergesInside: true } },
    },
  },
  {
    name: "small, half heads",
    compiler: "naga",
    cases: ["decode-8x1k-g8-d64"],
    variants: {
      before: BEFORE,
      "one group of four, merged inside": { short: { subgroups: 4, mergesInside: true } },
    },
  },
  {
    name: "groups",
    compiler: "naga",
    cases: ["decode-128x8k-g8"],
    variants: {
      before: BEFORE,
      "two groups": { isChained: false },
      "two groups, chained": {},
      "two groups, 8 lanes a value": { lanesPerValue: 8 },
      "two groups, weights shared": { sharesWeights: true },
      "two groups, weights shared, 8 lanes a value": { sharesWeights: true, lanesPerValue: 8 },
      "two groups, weights shared, 4 keys a group": { sharesWeights: true, keysPerGroup: 4 },
      "two groups, 16 lanes a key, weights shared": {
        lanesPerKey: 16,
        keysPerGroup: 8,
        sharesWeights: true,
      },
    },
  },
  {
    name: "half heads",
    compiler: "naga",
    cases: ["decode-128x8k-g8-d64"],
    variants: {
      before: BEFORE,
      "two groups, chained": {},
      "two groups, weights shared": { sharesWeights: true },
      "two groups, weights shared, 4 lanes a value": { sharesWeights: true, lanesPerValue: 4 },
    },
  },
  {
    name: "shares",
    compiler: "naga",
    cases: ["decode-32x16k-g5"],
    variants: {
      before: BEFORE,
      chained: {},
      "8 lanes a value": { lanesPerValue: 8 },
      "weights shared": { sharesWeights: true },
      "weights shared, 8 lanes a value": { sharesWeights: true, lanesPerValue: 8 },
      "weights shared, not chained": { sharesWeights: true, isChained: false },
    },
  },
  {
    name: "windows",
    compiler: "naga",
    cases: ["decode-32x16k-g5-window"],
    variants: { before: BEFORE, chained: {}, "weights shared": { sharesWeights: true } },
  },
  {
    name: "ragged",
    compiler: "naga",
    cases: ["decode-ragged-g8"],
    variants: {
      before: BEFORE,
      "two groups": { isChained: false },
      "two groups, chained": {},
      "two groups, weights shared": { sharesWeights: true },
    },
  },
  {
    name: "one token",
    compiler: "naga",
    cases: ["decode-32x16k-g2"],
    variants: { before: BEFORE, chained: {}, "weights shared": { sharesWeights: true } },
  },
  {
    name: "speculative",
    compiler: "naga",
    cases: ["speculative-4-g2", "speculative-8-g2"],
    variants: {
      before: BEFORE,
      "two groups": { rowGroups: 2, isChained: false },
      "four groups, chained": {},
      "four groups, weights shared": { sharesWeights: true },
    },
  },
  {
    name: "many slots",
    compiler: "naga",
    cases: ["decode-256x4k-g5"],
    variants: {
      before: BEFORE,
      chained: {},
      "weights shared": { sharesWeights: true },
      "merged inside": { mergesInside: true },
    },
  },
  {
    name: "addresses",
    compiler: "naga",
    cases: ["decode-128x128k-g8-d64"],
    variants: {
      before: { ...BEFORE, parallelItems: 1056 },
      "pages by address": { ...BEFORE, parallelItems: 1056, pages: "ascending" },
      "pages by address, two groups": {
        isChained: false,
        parallelItems: 1056,
        pages: "ascending",
      },
    },
  },
  {
    name: "matrix decode",
    compiler: "tint",
    cases: [
      "matrix-decode-32x16k-g5",
      "matrix-decode-128x8k-g8",
      "matrix-speculative-8-g2",
      "matrix-decode-8x1k-g8",
    ],
    variants: {
      before: { ...BEFORE, matrix: { rowFragments: 1, tileKeys: 16 } },
      "matrices, values late": {
        leastMatrixRows: 5,
        matrix: { rowFragments: 1, tileKeys: 16 },
      },
      "matrices, a tile ahead": {
        leastMatrixRows: 5,
        matrix: { rowFragments: 1, tileKeys: 16, isAhead: true },
      },
      "matrices, 32 keys ahead": {
        leastMatrixRows: 5,
        matrix: { rowFragments: 1, tileKeys: 32, isAhead: true },
      },
    },
  },
  {
    name: "matrix prefill",
    compiler: "tint",
    cases: ["matrix-prefill-8k-g5"],
    variants: {
      before: { matrix: { rowFragments: 1, tileKeys: 16 } },
      "two stages": { matrix: { rowFragments: 1, tileKeys: 16, stages: 2 } },
      "two stages, 32 keys": { matrix: { rowFragments: 1, tileKeys: 32, stages: 2 } },
      "two stages, 32 rows": { matrix: { rowFragments: 2, tileKeys: 16, stages: 2 } },
      "two stages, 32 rows, 32 keys": { matrix: { rowFragments: 2, tileKeys: 32, stages: 2 } },
    },
  },
];

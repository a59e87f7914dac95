/** A card's profile: what products, attention and passes take on it, measured over grids. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";

/** Microseconds of one cell; null where nothing was measured. */
const cell = z.number().positive().nullable();
const axis = z.array(z.number().positive()).min(2);
const axisFromZero = z.array(z.number().nonnegative()).min(2);
const curve = z.strictObject({ bytes: axis, microseconds: z.array(cell) });

const heads = {
  queryHeads: z.int().positive(),
  kvHeads: z.int().positive(),
  headSize: z.int().positive(),
  microseconds: z.array(z.array(cell)),
};

/** Schema of `headwise-card-profile/1`, as `measure_profile.py` writes it. */
export const cardProfileSchema = z.strictObject({
  format: z.literal("headwise-card-profile/1"),
  measuredAt: z.string(),
  card: z.strictObject({
    name: z.string().min(1),
    computeCapability: z.string(),
    memoryBytes: z.number().positive(),
    multiprocessors: z.int().positive(),
    lastLevelCacheBytes: z.number().positive().nullable(),
    maxClockMhz: z.number().nullable(),
    maxMemoryClockMhz: z.number().nullable(),
    powerLimitWatts: z.number().nullable(),
    clockMhzAtEnd: z.number().nullable().optional(),
  }),
  software: z.strictObject({
    driver: z.string().nullable(),
    cuda: z.string().nullable(),
    pytorch: z.string(),
    triton: z.string().nullable(),
    python: z.string(),
  }),
  memory: z.strictObject({
    readBytesPerSecond: z.number().positive(),
    copyBytesPerSecond: z.number().positive(),
  }),
  /** Seconds of compute-bound work over bursts of it: 1.1 is ten per cent longer. */
  sustained: z.strictObject({
    products: z.number().positive(),
    prompts: z.number().positive(),
  }).default({ products: 1, prompts: 1 }),
  launches: z.strictObject({
    eagerMicroseconds: z.number().positive(),
    graphMicroseconds: z.number().positive(),
    graphReplayMicroseconds: z.number().positive(),
  }),
  passes: z.strictObject({
    elementwise: curve,
    norm: curve,
    sampling: z.strictObject({ elements: axis, microseconds: z.array(cell) }),
  }),
  products: z.array(z.strictObject({
    dtype: z.enum(["bf16", "fp8"]),
    outer: axis,
    inner: axis,
    tokens: axis,
    microseconds: z.array(z.array(z.array(cell))),
  })).min(1),
  experts: z.array(z.strictObject({
    dtype: z.enum(["bf16", "fp8"]),
    kernel: z.string(),
    blocks: z.array(z.strictObject({
      hidden: z.int().positive(),
      intermediate: z.int().positive(),
      experts: z.int().positive(),
      expertsPerToken: z.int().positive(),
      tokens: axis,
      microseconds: z.array(cell),
    })),
  })).min(1),
  prompts: z.array(z.strictObject({
    kernel: z.string(),
    masked: z.boolean(),
    promptTokens: axis,
    cachedTokens: axisFromZero,
    shapes: z.array(z.strictObject(heads)).min(1),
  })).min(1),
  decode: z.array(z.strictObject({
    kernel: z.string(),
    requests: axis,
    contextTokens: axis,
    shapes: z.array(z.strictObject(heads)).min(1),
  })).min(1),
  allReduce: z.array(z.strictObject({
    gpus: z.int().min(2),
    library: z.string(),
    bytes: axis,
    microseconds: z.array(cell),
  })),
  leftOut: z.array(z.strictObject({ what: z.string(), reason: z.string() })),
  seconds: z.number().nonnegative(),
});

/** One measured card. */
export type CardProfile = Stored<typeof cardProfileSchema>;
/** Storage types that a profile has products for. */
export type ProductType = CardProfile["products"][number]["dtype"];

/** Parts that stored documents share: figures of a sample, and the machine. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";

/** A number of things. */
export const count: z.ZodType<number> = z.number().int().nonnegative();
/** A figure, or null where there is none. */
export const nullableNumber: z.ZodType<number | null> = z.number().nullable();

const summarySchema = z.strictObject({
  /** Number of values, each token counted once in pooled samples. */
  count,
  mean: z.number(),
  min: z.number(),
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  /** 99.9th percentile, or null below 1000 values. */
  p999: nullableNumber,
  max: z.number(),
});

/** Order statistics of one sample, in the sample's own unit. */
export type Summary = Stored<typeof summarySchema>;

/** A distribution's figures, or null where nothing was measured. */
export const summary: z.ZodType<Summary | null> = summarySchema.nullable();

/** Machine, runtime and sources of a result. */
export const environment = z.strictObject({
  os: z.string(),
  arch: z.string(),
  deno: z.string(),
  v8: z.string(),
  /** Name of the GPU adapter, or null where none was used. */
  adapter: z.string().nullable(),
  /** Version of headwise; null in results of before it was recorded, or from code. */
  headwise: z.string().nullable().exactOptional(),
  /** Commit of the checkout that ran, or that the bundle was built from; null where unknown. */
  commit: z.string().nullable().exactOptional(),
  /** Whether the checkout was as committed; null where unknown. */
  clean: z.boolean().nullable().exactOptional(),
  /** Driver of the adapter as it names itself; null where none was used, or it does not say. */
  driver: z.string().nullable().exactOptional(),
});

/** The machine and runtime that a result was made on. */
export type BenchEnvironment = Stored<typeof environment>;

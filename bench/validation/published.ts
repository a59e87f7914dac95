/** Published results as they are written down, one measurement a row, and the geometries that they name. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";

const figure = z.number().nonnegative().nullable().optional();
const figures = z.strictObject({
  mean: figure,
  p50: figure,
  p99: figure,
  unspecified: figure,
});

/** One measurement. Missing keys: the source does not give them. */
export const publishedRowSchema = z.strictObject({
  id: z.string().min(1),
  source: z.string().min(1),
  gpu: z.string().min(1),
  gpus: z.int().positive().optional(),
  tp: z.int().positive().optional(),
  pp: z.int().positive().optional(),
  ep: z.int().positive().optional(),
  engine: z.string().min(1),
  engine_version: z.string().optional(),
  model: z.string().min(1),
  geometry: z.string().optional(),
  weights_dtype: z.string().optional(),
  kv_dtype: z.string().optional(),
  input_tokens: z.number().positive(),
  output_tokens: z.number().positive(),
  prompts: z.int().positive().optional(),
  rate_per_s: z.union([z.number().positive(), z.literal(["all-at-once", Infinity])]).optional(),
  concurrency: z.int().positive().optional(),
  measured_concurrency: z.number().positive().optional(),
  cached_prompts: z.int().positive().optional(),
  context_depth: z.number().nonnegative().optional(),
  ttft_ms: figures,
  tpot_ms: figures,
  itl_ms: figures,
  output_tokens_per_s: z.number().positive().optional(),
  total_tokens_per_s: z.number().positive().optional(),
  requests_per_s: z.number().positive().optional(),
  prefill_tokens_per_s: z.number().positive().optional(),
  workload: z.string(),
  flags: z.string().optional(),
  ab_pair: z.string().optional(),
  ab_base: z.string().optional(),
  trust: z.enum(["high", "medium", "low"]),
  notes: z.string(),
});

/** One measurement. */
export type PublishedRow = Stored<typeof publishedRowSchema>;

const count = z.number().nonnegative().nullable().optional();

/** Sizes of a model that rows name. */
export const geometrySchema = z.strictObject({
  name: z.string().min(1),
  source_config: z.string(),
  verified: z.boolean(),
  layers: z.int().positive(),
  hidden: z.int().positive(),
  q_heads: z.int().positive(),
  kv_heads: z.int().positive(),
  head_size: z.int().positive(),
  intermediate: z.int().nonnegative(),
  experts: count,
  experts_per_token: count,
  moe_intermediate: count,
  moe_layers: count,
  shared_experts: count,
  shared_intermediate: count,
  dense_mlp_intermediate: count,
  vocab: z.int().positive(),
  window_tokens: count,
  window_layers: z.int().nonnegative(),
  full_layers: z.int().nonnegative(),
  window_pattern: z.string().nullable().optional(),
  tied_embeddings: z.boolean().nullable().optional(),
  weights: z.string().optional(),
  note: z.string().optional(),
  v_head_size: count,
  sliding_layer_kv_heads: count,
  sliding_layer_q_heads: count,
  full_layer_kv_heads: count,
  full_layer_head_size: count,
  full_layer_k_equals_v: z.boolean().optional(),
  gated_mlp: z.boolean().optional(),
});

/** Sizes of a model. */
export type PublishedGeometry = Stored<typeof geometrySchema>;

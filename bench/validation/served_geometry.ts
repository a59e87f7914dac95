/** A published geometry and the types of a row as a served model. */

import type { WeightType } from "../../fixtures/mod.ts";
import { CACHE_READ_BYTES } from "../card/mod.ts";
import type { FeedForwardShape, ServedLayer, ServedModel } from "../card/mod.ts";
import { BenchError, optionError } from "../result/mod.ts";
import type { PublishedGeometry, PublishedRow } from "./published.ts";
import type { RunSettings } from "./run_flags.ts";

/**
 * Types of the weights of each kind of tensor, by a row's words.
 *
 * @throws {BenchError} When the words name no type that is known here.
 */
function weightTypes(
  text: string,
): Pick<ServedModel, "attentionWeights" | "denseWeights" | "expertWeights"> {
  const lower = text.toLowerCase();
  const all = (type: WeightType) => ({
    attentionWeights: type,
    denseWeights: type,
    expertWeights: type,
  });
  if (lower.includes("mxfp4 experts")) return { ...all("bf16"), expertWeights: "mxfp4" };
  if (lower.includes("mxfp4") || lower.includes("fp4")) return all("mxfp4");
  if (lower.includes("fp8")) return all("fp8");
  if (/w8a8|int8|q8_0|w8a16|\b8[- ]?bits?\b/.test(lower)) return all("int8");
  // Of GGUF's types those that give every tensor the same bits.
  if (/awq|gptq|int4|w4a16|\bq4_[01]/.test(lower)) return all("int4");
  if (/bf16|bfloat16|fp16|float16|\bf16|unquantised|unquantized/.test(lower)) return all("bf16");
  throw optionError(`the type of weights "${text}" is not known`);
}

/**
 * A cached element by a row's words: bytes kept, and bytes that its reads take the time of.
 *
 * @throws {BenchError} When the words name no type that is known here.
 */
function cacheOf(text: string): Pick<ServedModel, "cacheBytes" | "cacheReadBytes"> {
  const lower = text.toLowerCase();
  if (/^(fp8|float8|int8|e4m3|e5m2)/.test(lower)) {
    return { cacheBytes: 1, cacheReadBytes: CACHE_READ_BYTES[8] };
  }
  if (lower.includes("4 bit")) return { cacheBytes: 0.4, cacheReadBytes: CACHE_READ_BYTES[4] };
  if (/^(bf16|bfloat16|fp16|float16|f16|auto|$)/.test(lower)) {
    return { cacheBytes: 2, cacheReadBytes: CACHE_READ_BYTES[16] };
  }
  throw optionError(`the type of cache "${text}" is not known`);
}

/** Why the types that a row names are not known, with the key that names them. */
export function whyNotTypes(
  row: PublishedRow,
  settings: Partial<RunSettings>,
): { readonly reason: string; readonly at: keyof PublishedRow } | null {
  const read = [
    [() => weightTypes(weightWords(row, settings)), "weights_dtype", "weightType"],
    [() => cacheOf(cacheWords(row, settings)), "kv_dtype", "cacheType"],
  ] as const;
  for (const [type, column, setting] of read) {
    try {
      type();
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      const at = row[column] === undefined && settings[setting] !== undefined ? "flags" : column;
      return { reason: error.message, at };
    }
  }
  return null;
}

function weightWords(row: PublishedRow, settings: Partial<RunSettings>): string {
  return row.weights_dtype ?? settings.weightType ?? "bf16";
}

function cacheWords(row: PublishedRow, settings: Partial<RunSettings>): string {
  return row.kv_dtype ?? settings.cacheType ?? "";
}

/** The model that a row serves. */
export function servedModel(
  geometry: PublishedGeometry,
  row: PublishedRow,
  settings: Partial<RunSettings> = {},
): ServedModel {
  const g = geometry;
  const gated = g.gated_mlp ?? true;
  const dense: FeedForwardShape = {
    denseIntermediate: g.dense_mlp_intermediate ?? g.intermediate,
    gated,
    experts: 0,
    expertsPerToken: 0,
    expertIntermediate: 0,
  };
  const inner = g.moe_intermediate ?? 0;
  const routed: FeedForwardShape = {
    denseIntermediate: g.shared_intermediate ?? (g.shared_experts ?? 0) * inner,
    gated,
    experts: g.experts ?? 0,
    expertsPerToken: g.experts_per_token ?? 0,
    expertIntermediate: inner,
  };
  const expertLayers = (g.experts ?? 0) > 0 ? g.moe_layers ?? g.layers : 0;
  const value = g.v_head_size ?? g.head_size;
  const full = {
    windowTokens: null,
    chunked: false,
    queryHeads: g.q_heads,
    kvHeads: g.full_layer_kv_heads ?? g.kv_heads,
    headSize: g.full_layer_head_size ?? g.head_size,
    valueHeadSize: g.full_layer_head_size ?? value,
  };
  const window = {
    windowTokens: g.window_tokens ?? null,
    chunked: (g.window_pattern ?? "").includes("chunk"),
    queryHeads: g.sliding_layer_q_heads ?? g.q_heads,
    kvHeads: g.sliding_layer_kv_heads ?? g.kv_heads,
    headSize: g.head_size,
    valueHeadSize: value,
  };
  const layers: ServedLayer[] = [];
  // Dense layers lie first and are few: they are spread over both kinds by share.
  for (const [kind, total] of [[full, g.full_layers], [window, g.window_layers]] as const) {
    if (total === 0) continue;
    const withExperts = total * expertLayers / g.layers;
    if (withExperts > 0) layers.push({ count: withExperts, ...kind, feedForward: routed });
    if (total > withExperts) {
      layers.push({ count: total - withExperts, ...kind, feedForward: dense });
    }
  }
  return {
    name: g.name,
    hidden: g.hidden,
    vocabulary: g.vocab,
    tiedEmbeddings: g.tied_embeddings ?? false,
    layers,
    ...weightTypes(weightWords(row, settings)),
    ...cacheOf(cacheWords(row, settings)),
  };
}

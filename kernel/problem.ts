/**
 * The problems that an attention kernel and an append kernel solve, as data.
 *
 * Letters: B slots, T query tokens of the whole batch, Hq query heads, H KV heads, G = Hq / H,
 * D head size, P tokens per page, N pages per pool, M columns of a table row, W window, S sink tokens,
 * Q largest query length under a tree mask.
 */

import type { Layout } from "../allocator/mod.ts";
import type { QuantisedFormat, QuantisedTensor } from "./quantised/quantised_types.ts";
import type { StorageType } from "./storage_type.ts";

/** Sizes shared by every tensor of a problem. */
export interface AttentionShape {
  /** B, batch slots; idle slots count. */
  readonly batch: number;
  /** Hq, query heads on this rank; a multiple of `kvHeads`. */
  readonly queryHeads: number;
  /** H, KV heads on this rank. */
  readonly kvHeads: number;
  /** D, elements of one head: 64, 128 or 256. */
  readonly headSize: number;
  /** P, tokens per page: a power of two in 16…256. */
  readonly pageSizeTokens: number;
  /** N, ids a row of `uniform` or `headwise` may hold: [0, N). */
  readonly pages: number;
  /** Head-pages of the `pooled` tensor: ids are in [0, poolPages). Default N·H; unused otherwise. */
  readonly poolPages?: number;
  /** M, columns of a table row. */
  readonly columns: number;
  /** How the table and the cache are laid out. */
  readonly layout: Layout;
  /** Storage type of query, output and, where they are not quantised, keys and values. */
  readonly storage: StorageType;
  /** How quantised keys are stored; left out for C16. */
  readonly keyFormat?: QuantisedFormat;
  /** How quantised values are stored, which may differ from keys; left out for C16. */
  readonly valueFormat?: QuantisedFormat;
}

/** A boolean mask over the step's own tokens, for speculative trees. */
export interface TreeMask {
  /** [B, Q, Q]: a non-zero byte at (b, i, j) hides the step's key j from its query i in slot b. */
  readonly bits: Uint8Array;
  /** Q, at least the largest query length of the batch. */
  readonly maxQueryTokens: number;
}

/** Keys and values of a cache, before a step or after it. */
export interface CacheTensors {
  /** [N, H, P, D] bits (`uniform`, `headwise`) or [poolPages, P, D] (`pooled`); empty if quantised. */
  readonly keys: Uint16Array;
  /** Shape of `keys`; empty if quantised. */
  readonly values: Uint16Array;
  /** The keys where the shape has a `keyFormat`. */
  readonly quantisedKeys?: QuantisedTensor;
  /** The values where the shape has a `valueFormat`. */
  readonly quantisedValues?: QuantisedTensor;
}

/** What attention and append share: a cache, the table into it, and the rows of a step. */
export interface CacheAndBatch extends CacheTensors {
  /** Sizes. */
  readonly shape: AttentionShape;
  /** [B·H, M] ids of one layer group (`headwise`, `pooled`) or [B, M] (`uniform`); −1 is a hole. */
  readonly table: Int32Array;
  /** [B + 1], exclusive prefix sum of the query lengths; the last element is T. */
  readonly queryStarts: Int32Array;
  /** [B], tokens in the cache before this step; the step's own keys and values follow them there. */
  readonly cachedLengths: Int32Array;
}

/** One attention call over a paged cache: prefill chunks, decode rows and idle slots mixed. */
export interface AttentionProblem extends CacheAndBatch {
  /** [T, Hq, D] bits of the storage type, already rotated. */
  readonly query: Uint16Array;
  /** [H], W of each KV head; 0 is full context. */
  readonly headWindows: Int32Array;
  /** S, leading tokens that window heads always see. */
  readonly sinkTokens: number;
  /** [2T], a range [s, e) for each query token in place of the causal limit. */
  readonly maskRanges?: Int32Array;
  /** Refines the keys of this step's own tokens. */
  readonly treeMask?: TreeMask;
  /** [Hq], learned sink logits: exp(sink − m) joins the softmax denominator, once. */
  readonly sinkLogits?: Float32Array;
  /** Factor of the scores; 1/√D when left out. */
  readonly scale?: number;
}

/** What attention gives, in float64. */
export interface AttentionResult {
  /** [T, Hq, D]; 0 where a query sees no key. */
  readonly output: Float64Array<ArrayBuffer>;
  /**
   * [T, Hq], natural log of Σ exp(score) over the visible keys alone; −Infinity where there is none.
   * The learned sink is left out, so that results over disjoint keys merge by their log-sum-exps and
   * the sink is added once at the end.
   */
  readonly logSumExp: Float64Array<ArrayBuffer>;
}

/** Rotary position embedding of queries and keys. */
export interface Rotary {
  /** `interleaved` pairs (2i, 2i+1), `neox` pairs (i, i + R/2), `none` leaves vectors as they are. */
  readonly style: "none" | "interleaved" | "neox";
  /** Base of the frequencies θ^(−2i/R). */
  readonly theta: number;
  /** R, leading elements that turn: even, at most D; the rest passes through. */
  readonly rotaryDimensions: number;
}

/**
 * One append call: rotate queries and keys, write keys and values through the table. The cache is the
 * one before the step and never changed in place; scales by tensor, head or channel are given.
 */
export interface AppendProblem extends CacheAndBatch {
  /** [T, (Hq + 2H)·D] bits: each token's query heads, then key heads, then value heads. */
  readonly packed: Uint16Array;
  /** Rotation by absolute position. */
  readonly rotary: Rotary;
}

/** A write that fell into a hole and was dropped. */
export interface DroppedWrite {
  /** Batch slot. */
  readonly slot: number;
  /** KV head. */
  readonly head: number;
  /** Absolute position of the token. */
  readonly positionTokens: number;
}

/** What an append gives: the cache after the step. */
export interface AppendResult extends CacheTensors {
  /** [T, Hq, D] bits of the rotated queries. */
  readonly query: Uint16Array<ArrayBuffer>;
  /** The cache after the step, shape of the problem's keys. */
  readonly keys: Uint16Array<ArrayBuffer>;
  /** The cache after the step. */
  readonly values: Uint16Array<ArrayBuffer>;
  /** Dropped writes: one for each (token, KV head) whose table entry is a hole. */
  readonly droppedWrites: number;
  /** Where they were, by slot, then position, then head. */
  readonly dropped: readonly DroppedWrite[];
}

/** Few cases, sized to whatever adapter is there. */

import type { KernelCase, KernelCaseRequests, KernelCaseWindows } from "./case.ts";
import type { KernelCeilings } from "./figures.ts";

const SHAPE = {
  kvHeads: 8,
  group: 8,
  headSize: 128,
  pageSizeTokens: 64,
  storage: "bf16",
} as const;
const REQUESTS = 8;
/** Keys and values of one token and layer: both, of every KV head, at 16 bit. */
const TOKEN_BYTES = 2 * 2 * SHAPE.kvHeads * SHAPE.headSize;
/** Times at the ceilings: long against any timer's steps, short for a visitor. */
const DECODE_MS = 2;
const PREFILL_MS = 5;

/**
 * Makes a decode step, the same with windows in half of the heads, and a prefill, so long that each
 * takes milliseconds at the ceilings.
 *
 * @param o Most bytes of one layer's cache.
 * @returns Three cases of the set `sized`, for they have no names that other runs share.
 */
export function sizedKernelCases(
  ceilings: KernelCeilings,
  o: { readonly maxCacheBytes: number },
): readonly KernelCase[] {
  const readBytes = Math.min(ceilings.memoryBytesPerSecond * DECODE_MS / 1000, o.maxCacheBytes);
  const contextTokens = wholePages(readBytes / TOKEN_BYTES / REQUESTS, { min: 256, max: 131_072 });
  const queryHeads = SHAPE.kvHeads * SHAPE.group;
  // Two products of two operations each, over half of the square: 2·Hq·D·N².
  const flops = ceilings.flopsPerSecond * PREFILL_MS / 1000;
  const promptTokens = wholePages(
    Math.sqrt(flops / (2 * queryHeads * SHAPE.headSize)),
    { min: 128, max: 8192 },
  );
  const decode = { count: REQUESTS, contextTokens, queryTokens: 1 };
  const prefill = { count: 1, contextTokens: promptTokens, queryTokens: promptTokens };
  const windows = { heads: SHAPE.kvHeads / 2, windowTokens: contextTokens / 4, sinkTokens: 4 };
  return [
    sizedCase(`decode-${REQUESTS}x${contextTokens}`, { requests: decode, windows: null }),
    sizedCase(`decode-${REQUESTS}x${contextTokens}-window`, { requests: decode, windows }),
    sizedCase(`prefill-${promptTokens}`, { requests: prefill, windows: null }),
  ];
}

function sizedCase(
  name: string,
  o: { readonly requests: KernelCaseRequests; readonly windows: KernelCaseWindows | null },
): KernelCase {
  return {
    name,
    description: o.windows === null ? "" : "Half of the heads have a window",
    set: "sized",
    shape: SHAPE,
    windows: o.windows,
    layout: "headwise",
    walk: "visible",
    requests: [o.requests],
    peers: [],
    goals: [],
  };
}

function wholePages(tokens: number, o: { readonly min: number; readonly max: number }): number {
  const pages = Math.round(tokens / SHAPE.pageSizeTokens);
  return Math.min(o.max, Math.max(o.min, pages * SHAPE.pageSizeTokens));
}

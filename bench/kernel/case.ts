/** Cases of the kernel benchmark: one attention step each, with what it is built to show. */

import type { Layout } from "../../allocator/mod.ts";
import type { StorageType } from "../../kernel/mod.ts";

/** A named list of cases. */
export type KernelCaseSet = "smoke" | "h200" | "sized" | "matrix" | "quantised";

/** Another implementation that can be timed on the same shapes. */
export type PeerName =
  | "sdpa-flash"
  | "sdpa-cudnn"
  | "flex-attention"
  | "triton"
  | "ort-webgpu"
  | "llama-vulkan";

/** Every peer, in the order of reports. */
export const PEER_NAMES = [
  "sdpa-flash",
  "sdpa-cudnn",
  "flex-attention",
  "triton",
  "ort-webgpu",
  "llama-vulkan",
] as const satisfies readonly PeerName[];

/** Heads and pages of a case. */
export interface KernelCaseShape {
  /** H. */
  readonly kvHeads: number;
  /** G, query heads of a KV head. */
  readonly group: number;
  /** D. */
  readonly headSize: number;
  /** P. */
  readonly pageSizeTokens: number;
  /** Storage type of query, output and C16 cache. */
  readonly storage: StorageType;
  /** Name of the format of quantised keys, such as `int8:token:f32`. */
  readonly keyFormat?: string;
  /** Name of the format of quantised values. */
  readonly valueFormat?: string;
}

/** Requests of one kind in the step. */
export interface KernelCaseRequests {
  /** How many. */
  readonly count: number;
  /** Tokens in the cache once the step's own are appended. */
  readonly contextTokens: number;
  /** Tokens of the step. */
  readonly queryTokens: number;
}

/** Heads that see a window. */
export interface KernelCaseWindows {
  /** How many KV heads, the first ones. */
  readonly heads: number;
  /** W. */
  readonly windowTokens: number;
  /** S. */
  readonly sinkTokens: number;
}

/** What a case is built to show. */
export type KernelGoal =
  | { readonly kind: "ceiling"; readonly atLeast: number }
  | { readonly kind: "flops"; readonly atLeast: number }
  | { readonly kind: "overhead"; readonly atMostMicroseconds: number }
  | { readonly kind: "host"; readonly atMostMs: number }
  | { readonly kind: "times"; readonly case: string; readonly atMost: number }
  | { readonly kind: "walk"; readonly case: string; readonly within: number }
  | { readonly kind: "peer"; readonly peer: PeerName | "any"; readonly atLeast: number };

/** One attention step to time. */
export interface KernelCase {
  /** Unique name. */
  readonly name: string;
  /** What is special about it; may be empty. */
  readonly description: string;
  /** The list it belongs to. */
  readonly set: KernelCaseSet;
  /** Heads and pages. */
  readonly shape: KernelCaseShape;
  /** Window heads, or null where every head sees everything. */
  readonly windows: KernelCaseWindows | null;
  /** How the table is laid out. */
  readonly layout: Layout;
  /** Where a request's pages lie: anywhere, or in the order of their addresses. @default {"scattered"} */
  readonly pages?: "scattered" | "ascending";
  /** Pages that the kernel reads. */
  readonly walk: "row" | "visible";
  /** The step's requests. */
  readonly requests: readonly KernelCaseRequests[];
  /** Peers to time on the same step. */
  readonly peers: readonly PeerName[];
  /** What it is built to show. */
  readonly goals: readonly KernelGoal[];
}

/** The allocator that tests vary, and what its layouts need. */
import type { Layout } from "../../allocator/mod.ts";
import type { CacheSpec, Capability } from "../subject.ts";

/** The control: four heads, the first two of them window heads of four pages. */
export const CONTROL_SPEC: CacheSpec = {
  layout: "headwise",
  heads: { kind: "pattern", pattern: "first", ratio: 0.5 },
  layers: 2,
  kvHeads: 4,
  queryHeads: 8,
  windowTokens: 64,
  sinkTokens: 0,
  slots: 4,
  pagesPerHead: 32,
  pageSizeTokens: 16,
  modelLengthTokens: 512,
  columns: null,
  preallocatedPages: 0,
  recycle: true,
  prefixSharing: false,
  draftTables: false,
  shuffleSeed: 11,
  tensorParallel: { ranks: 1, rank: 0 },
};

/** Layers of three kinds, which have rows of their own. */
export const THREE_GROUPS = {
  layers: 6,
  kvHeads: 2,
  queryHeads: 4,
  heads: {
    kind: "layers",
    kindsByLayer: [
      ["window", "full"],
      ["full", "window"],
      ["window", "window"],
      ["window", "full"],
      ["full", "window"],
      ["window", "window"],
    ],
  },
} as const satisfies Partial<CacheSpec>;

/** Every layout. */
export const LAYOUTS: readonly Layout[] = ["uniform", "headwise", "pooled"];

/** The layouts with a row per head. */
export const HEAD_LAYOUTS: readonly Layout[] = ["headwise", "pooled"];

/** Makes a spec that differs from the control in some fields. */
export function cacheSpec(changes: Partial<CacheSpec> = {}): CacheSpec {
  return { ...CONTROL_SPEC, ...changes };
}

/** Capability of an allocator with a layout. */
export function layoutCapability(layout: Layout): Capability {
  return `allocator.${layout}`;
}

/** Capability of an allocator whose window heads keep sinks, where a case has any. */
export function sinkNeeds(sinkTokens: number): readonly Capability[] {
  return sinkTokens > 0 ? ["allocator.sinks"] : [];
}

/** The allocator that tests vary, and what its layouts need. */
import type { Layout } from "../../allocator/mod.ts";
import type { CacheSpec, Capability, HeadSpec } from "../subject.ts";

/** The control: four heads, the first two of them window heads of four pages. */
export const CONTROL_SPEC: CacheSpec = {
  layout: "headwise",
  heads: windowHeads(0.5),
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

/** Heads of which a share keeps a window, at one end of each layer. */
export function windowHeads(ratio: number, pattern: "first" | "last" = "first"): HeadSpec {
  return { kind: "pattern", pattern, ratio };
}

/** Heads layer by layer, `w` for each that keeps a window and `f` for each full one. */
export function listedHeads(layers: readonly string[]): HeadSpec {
  const kindsByLayer = layers.map((layer) =>
    [...layer].map((kind) => kind === "w" ? "window" : "full")
  );
  return { kind: "layers", kindsByLayer };
}

/** Layers of three kinds, which have rows of their own. */
export const THREE_GROUPS = {
  layers: 6,
  kvHeads: 2,
  queryHeads: 4,
  heads: listedHeads(["wf", "fw", "ww", "wf", "fw", "ww"]),
} as const satisfies Partial<CacheSpec>;

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

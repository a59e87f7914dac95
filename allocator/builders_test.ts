/** Builders that keep each test to what matters to it. */
import { type AllocatorOptions, type CacheAllocator, createAllocator } from "./mod.ts";
import { type Head, type HeadKind, headMapFromLayers, type LayerGroup, type Slot } from "./mod.ts";

/** A small allocator: one window head (W = 17) and one full head, P = 16, debug on. */
export function buildAllocator(
  o: Partial<AllocatorOptions> & {
    kinds?: readonly (readonly HeadKind[])[];
    windowTokens?: number;
    sinkTokens?: number;
  } = {},
): CacheAllocator {
  const { kinds, windowTokens, sinkTokens, ...options } = o;
  return createAllocator({
    layout: "headwise",
    heads: headMapFromLayers({
      kindsByLayer: kinds ?? [["window", "full"]],
      windowTokens: windowTokens ?? 17,
      sinkTokens: sinkTokens ?? 0,
    }),
    slots: 2,
    pagesPerHead: 8,
    pageSizeTokens: 16,
    modelLengthTokens: 96,
    recycle: true,
    pageOrder: { kind: "identity" },
    debug: true,
    ...options,
  });
}

/** A slot without a limit to repeat. */
export function slot(value: number): Slot {
  return value as Slot;
}

/** A head of a group. */
export function place(head: number, group = 0): { group: LayerGroup; head: Head } {
  return { group: group as LayerGroup, head: head as Head };
}

/** The rows of a slot, head-major, group by group. */
export function rowsOf(a: CacheAllocator, index: number): number[][] {
  const { rows, rowStarts, slotStride } = a.state;
  return Array.from({ length: rows }, (_, row) => {
    const start = rowStarts[row] + index * slotStride;
    return [...a.table.ids.slice(start, start + a.options.columns)];
  });
}

/** Everything that an operation could change, to prove that a refused one changed nothing. */
export function snapshot(a: CacheAllocator): unknown {
  return structuredClone({ ids: a.table.ids, draft: a.draftTable?.ids, state: a.state });
}

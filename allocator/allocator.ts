import { type BlockTable, createBlockTable, type Layout } from "./block_table.ts";
import { createFence, type InFlightFence } from "./fence.ts";
import type { HeadMap } from "./head_map.ts";
import {
  AllocatorError,
  type AllocatorOptions,
  resolveAllocatorOptions,
  type ResolvedAllocatorOptions,
} from "./options.ts";
import type { PageOutcome } from "./outcome.ts";
import { createPagePools, type PagePools } from "./page_pool.ts";
import { type Slot, slotsOf } from "./ids.ts";

/**
 * The book-keeping behind a table. Rows of a slot are numbered group·H + head (one row in the
 * uniform layout). All rows of a slot have the same columns; the rows of window heads share one
 * hole range, since W and S are the same for all of them.
 */
export interface AllocatorState {
  /** Rows of a slot: Lg·H, or 1 in the uniform layout. */
  readonly rows: number;
  /** Rows of a slot that keep a window. */
  readonly windowRows: number;
  /** Index of each row's first entry for slot 0; int32 [rows]. */
  readonly rowStarts: Int32Array;
  /** Entries between the same row of two neighbouring slots. */
  readonly slotStride: number;
  /** The pool of each row; int32 [rows]. */
  readonly rowPools: Int32Array;
  /** 1 for rows that keep a window; uint8 [rows]. */
  readonly rowIsWindow: Uint8Array;
  /** Columns that a request can ever use: the lesser of M and ceil(model length/P). */
  readonly columnLimit: number;
  /** ceil(S/P): columns that window heads never free. */
  readonly sinkPages: number;
  /** The pools. */
  readonly pools: PagePools;
  /** The fence that freed pages pass. */
  readonly fence: InFlightFence;
  /** Every slot, ascending. */
  readonly slotIds: readonly Slot[];
  /** 1 for slots with a request; uint8 [B]. */
  readonly active: Uint8Array;
  /** Tokens of each slot, as last told; int32 [B]. */
  readonly lengthsTokens: Int32Array;
  /** Allocated columns of each slot; int32 [B]. */
  readonly columnsHeld: Int32Array;
  /** End of the hole range [sinkPages, end) in window rows, 0 when nothing was freed; int32 [B]. */
  readonly recycledUpTo: Int32Array;
  /** The position from which the last recycling looked back; int32 [B]. */
  readonly nextPositions: Int32Array;
  /** Names the request of each slot to the pools; a permutation of the slots; int32 [B]. */
  readonly handles: Int32Array;
  /** Scratch space of reorderings; int32 [B]. */
  readonly scratch: Int32Array;
  /** Pages held now and at most, by head kind. */
  readonly counts: HeldCounts;
  /** Outcomes by page count, built once each, so that growth in the steady state makes none. */
  readonly outcomes: Map<number, PageOutcome>;
}

/** Running totals of held pages. */
export interface HeldCounts {
  /** Pages held by full heads; in the uniform layout all, unless every head keeps a window. */
  fullHeadPages: number;
  /** Pages held by window heads. */
  windowHeadPages: number;
  /** Most pages that full heads held at once. */
  peakFullHeadPages: number;
  /** Most pages that window heads held at once. */
  peakWindowHeadPages: number;
  /** Most pages held at once. */
  peakPages: number;
}

/** An allocator: a table and the pools behind it. Create it with {@link createAllocator}. */
export interface CacheAllocator {
  /** The options with every default filled in. */
  readonly options: ResolvedAllocatorOptions;
  /** The table that kernels read and write through; read-only for callers. */
  readonly table: BlockTable;
  /** The draft model's table, always equal to the table, or null. */
  readonly draftTable: BlockTable | null;
  /** Book-keeping; callers use the functions of this folder instead. */
  readonly state: AllocatorState;
}

function countPools(layout: Layout, heads: HeadMap): number {
  return layout === "headwise" ? heads.groups.length * heads.kvHeads : 1;
}

/**
 * Creates an allocator whose pages are all free and whose slots are all empty. Every array it will
 * ever need is allocated here, except for the fence's step flags, which grow with the steps that
 * are open at once.
 *
 * @throws {AllocatorError} When an option is out of range.
 * @throws {HeadMapError} When the head map is inconsistent.
 */
export function createAllocator(o: AllocatorOptions): CacheAllocator {
  const options = resolveAllocatorOptions(o);
  const { layout, heads, slots, columns, pagesPerHead, pageSizeTokens } = options;
  const shape = {
    layout,
    layerGroups: heads.groups.length,
    slots,
    kvHeads: heads.kvHeads,
    columns,
  };
  const rows = layout === "uniform" ? 1 : shape.layerGroups * shape.kvHeads;
  const headKinds = heads.groups.flatMap((group) => group.kinds);
  const isWindow = headKinds.map((kind) => kind === "window" && heads.windowTokens > 0);
  // A uniform page holds every head of every layer: it dies only where all heads keep a window.
  const rowIsWindow = Uint8Array.from(
    layout === "uniform" ? [isWindow.every((window) => window)] : isWindow,
    Number,
  );
  const rowsPerGroup = layout === "uniform" ? 1 : heads.kvHeads;
  const poolCount = countPools(layout, heads);
  const pagesPerPool = layout === "pooled" ? pagesPerHead * rows : pagesPerHead;
  if (poolCount * pagesPerPool >= 2147483648) {
    throw new AllocatorError(
      "options/invalid",
      { pagesPerHead, pools: poolCount, pagesPerPool },
      `Cannot create an allocator with pagesPerHead "${pagesPerHead}": all pools together have ` +
        `${poolCount * pagesPerPool} pages; ids are int32, give fewer than 2^31 in all`,
    );
  }
  const pools = createPagePools({ pools: poolCount, pagesPerPool, pageOrder: options.pageOrder });
  return {
    options,
    table: createBlockTable(shape),
    draftTable: options.draftTables ? createBlockTable(shape) : null,
    state: {
      rows,
      windowRows: rowIsWindow.reduce((sum, flag) => sum + flag, 0),
      rowStarts: Int32Array.from({ length: rows }, (_, row) => {
        const group = Math.floor(row / rowsPerGroup);
        return (group * slots * rowsPerGroup + row % rowsPerGroup) * columns;
      }),
      slotStride: rowsPerGroup * columns,
      rowPools: Int32Array.from({ length: rows }, (_, row) => poolCount === 1 ? 0 : row),
      rowIsWindow,
      columnLimit: Math.min(columns, Math.ceil(options.modelLengthTokens / pageSizeTokens)),
      sinkPages: Math.ceil(heads.sinkTokens / pageSizeTokens),
      pools,
      fence: createFence(poolCount * pagesPerPool),
      slotIds: slotsOf(slots),
      active: new Uint8Array(slots),
      lengthsTokens: new Int32Array(slots),
      columnsHeld: new Int32Array(slots),
      recycledUpTo: new Int32Array(slots),
      nextPositions: new Int32Array(slots),
      handles: Int32Array.from({ length: slots }, (_, slot) => slot),
      scratch: new Int32Array(slots),
      counts: {
        fullHeadPages: 0,
        windowHeadPages: 0,
        peakFullHeadPages: 0,
        peakWindowHeadPages: 0,
        peakPages: 0,
      },
      outcomes: new Map(),
    },
  };
}

/**
 * Checks that a slot exists and holds a request.
 *
 * @throws {AllocatorError} `slot/empty` when it holds none.
 */
export function checkActiveSlot(a: CacheAllocator, slot: Slot): void {
  if (a.state.active[slot] !== 1) {
    throw new AllocatorError(
      "slot/empty",
      { slot },
      `Cannot use slot "${slot}": it holds no request; admit one first, and release each once`,
    );
  }
}

/**
 * Moves pages between the pools and the rows of a slot. Hot paths: arguments are positional, since
 * an options object per row would be garbage.
 *
 * @module
 */
import type { CacheAllocator } from "./allocator.ts";
import { isStepOpen } from "./fence.ts";
import { HOLE, type Slot, toPageKey } from "./ids.ts";
import { checkHeldStretch, PageError, putPages, takePage, takePages } from "./page_pool.ts";
import { dropHolder } from "./prefix_pages.ts";

/**
 * Appends columns to every row of a slot. O(columns·rows).
 *
 * @param columns Columns to append; the caller has made sure that the row and the pools hold them.
 */
export function takeColumns(a: CacheAllocator, slot: Slot, columns: number): void {
  const { rows, rowStarts, slotStride, rowPools, pools, handles, columnsHeld, counts } = a.state;
  const ids = a.table.ids;
  const draftIds = a.draftTable === null ? null : a.draftTable.ids;
  const held = columnsHeld[slot];
  for (let row = 0; row < rows; row++) {
    const owner = handles[slot] * rows + row;
    const start = rowStarts[row] + slot * slotStride + held;
    if (columns === 1) ids[start] = takePage(pools, rowPools[row], owner);
    else takePages(pools, rowPools[row], owner, ids, start, columns);
    if (draftIds === null) continue;
    for (let i = start; i < start + columns; i++) draftIds[i] = ids[i];
  }
  columnsHeld[slot] = held + columns;
  counts.windowHeadPages += columns * a.state.windowRows;
  counts.fullHeadPages += columns * (rows - a.state.windowRows);
  counts.peakWindowHeadPages = Math.max(counts.peakWindowHeadPages, counts.windowHeadPages);
  counts.peakFullHeadPages = Math.max(counts.peakFullHeadPages, counts.fullHeadPages);
  counts.peakPages = Math.max(counts.peakPages, counts.windowHeadPages + counts.fullHeadPages);
}

/**
 * Checks that a stretch of a row names exactly the pages that the slot holds there.
 *
 * @param row The slot's row, group·H + head.
 * @throws {PageError} When a page is foreign, free, named twice or missing; nothing changes.
 */
export function checkRow(
  a: CacheAllocator,
  slot: Slot,
  row: number,
  first: number,
  count: number,
  expected: number,
): void {
  const s = a.state;
  const pool = s.rowPools[row];
  const owner = s.handles[slot] * s.rows + row;
  const offset = s.rowStarts[row] + slot * s.slotStride + first;
  const held = checkHeldStretch(s.pools, a.table.ids, pool, owner, offset, count);
  if (held !== expected) {
    throw new PageError(
      "page/missing",
      { pool, page: HOLE },
      `Cannot free row "${row}" of slot "${slot}": it names ${held} pages and holds ` +
        `${expected}; write the table only through the allocator`,
    );
  }
}

/**
 * Frees a checked stretch of a row through the fence and leaves holes behind. A shared page only
 * loses a holder, and is freed with its last one.
 *
 * @param row The slot's row, group·H + head.
 * @param count Number of columns; see {@link checkRow}.
 */
export function freeRow(
  a: CacheAllocator,
  slot: Slot,
  row: number,
  first: number,
  count: number,
): void {
  const { pools, rowStarts, rowPools, rowIsWindow, slotStride, fence, counts } = a.state;
  const ids = a.table.ids;
  const draftIds = a.draftTable === null ? null : a.draftTable.ids;
  const start = rowStarts[row] + slot * slotStride + first;
  const offset = rowPools[row] * pools.pagesPerPool;
  const isDirect = pools.references === null && !isStepOpen(fence);
  if (isDirect) {
    const put = putPages(pools, ids, start, count, offset);
    if (rowIsWindow[row] === 1) counts.windowHeadPages -= put;
    else counts.fullHeadPages -= put;
  }
  for (let i = start; i < start + count; i++) {
    const page = ids[i];
    if (page === HOLE) continue;
    if (!isDirect) {
      dropHolder(a, toPageKey(pools.pagesPerPool, rowPools[row], page), rowIsWindow[row]);
    }
    ids[i] = HOLE;
    if (draftIds !== null) draftIds[i] = HOLE;
  }
}

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
 * Frees a stretch of a slot's rows through the fence and leaves holes behind; all rows are checked
 * before the first is freed. A shared page only loses a holder, and is freed with its last one.
 *
 * @param holes Columns of the stretch that window rows have freed before.
 * @param onlyWindows Whether the rows of full heads are left alone.
 * @returns Pages that the rows named.
 * @throws {PageError} When a page is foreign, free, named twice or missing; nothing changes.
 */
export function freeColumns(
  a: CacheAllocator,
  slot: Slot,
  first: number,
  count: number,
  holes: number,
  onlyWindows: boolean,
): number {
  const { rows, windowRows, rowIsWindow } = a.state;
  for (let row = 0; row < rows; row++) {
    if (rowIsWindow[row] === 1) checkRow(a, slot, row, first, count, count - holes);
    else if (!onlyWindows) checkRow(a, slot, row, first, count, count);
  }
  for (let row = 0; row < rows; row++) {
    if (rowIsWindow[row] === 1 || !onlyWindows) freeRow(a, slot, row, first, count);
  }
  return (count - holes) * windowRows + (onlyWindows ? 0 : count * (rows - windowRows));
}

function checkRow(
  a: CacheAllocator,
  slot: Slot,
  row: number,
  first: number,
  count: number,
  expected: number,
): void {
  const { rows, rowStarts, rowPools, slotStride, handles, pools } = a.state;
  const pool = rowPools[row];
  const owner = handles[slot] * rows + row;
  const offset = rowStarts[row] + slot * slotStride + first;
  const held = checkHeldStretch(pools, a.table.ids, pool, owner, offset, count);
  if (held !== expected) {
    throw new PageError(
      "page/missing",
      { pool, page: HOLE },
      `Cannot free row "${row}" of slot "${slot}": it names ${held} pages and holds ` +
        `${expected}; write the table only through the allocator`,
    );
  }
}

function freeRow(
  a: CacheAllocator,
  slot: Slot,
  row: number,
  first: number,
  count: number,
): void {
  const { pools, rowStarts, rowPools, rowIsWindow, slotStride, fence, counts } = a.state;
  const { ids } = a.table;
  const pool = rowPools[row];
  const start = rowStarts[row] + slot * slotStride + first;
  const end = start + count;
  if (pools.references === null && !isStepOpen(fence)) {
    const put = putPages(pools, pool, ids, start, count, pool * pools.pagesPerPool);
    if (rowIsWindow[row] === 1) counts.windowHeadPages -= put;
    else counts.fullHeadPages -= put;
  } else {
    for (let i = start; i < end; i++) {
      if (ids[i] === HOLE) continue;
      dropHolder(a, toPageKey(pools.pagesPerPool, pool, ids[i]), rowIsWindow[row]);
    }
  }
  for (let i = start; i < end; i++) ids[i] = HOLE;
  a.draftTable?.ids.fill(HOLE, start, end);
}

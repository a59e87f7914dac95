/**
 * Moves pages between the pools and the rows of a slot. A page that a request took is its own until a
 * prefix cache takes a share in it; from then on its holders, rows and cache nodes alike, are counted,
 * and it is freed with the last one.
 *
 * Hot paths: arguments are positional, since an options object per row would be garbage.
 *
 * @module
 */
import type { CacheAllocator } from "./allocator.ts";
import { holdPage, isStepOpen } from "./fence.ts";
import { HOLE, type PageKey, type Slot, toPageKey } from "./ids.ts";
import {
  checkHeldStretch,
  PageError,
  putPage,
  putPages,
  QUARANTINED_PAGE,
  SHARED_PAGE,
  takePage,
  takePages,
} from "./page_pool.ts";

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
  const firstOwner = Math.imul(handles[slot], rows);
  const firstEntry = Math.imul(slot, slotStride) + held | 0;
  for (let row = 0; row < rows; row++) {
    const owner = firstOwner + row | 0;
    const start = rowStarts[row] + firstEntry | 0;
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
  const { rows, windowRows, rowIsWindow, rowPools, rowStarts, pools, counts } = a.state;
  const { ids } = a.table;
  const firstOwner = Math.imul(a.state.handles[slot], rows);
  const firstEntry = Math.imul(slot, a.state.slotStride) + first | 0;
  for (let row = 0; row < rows; row++) {
    if (onlyWindows && rowIsWindow[row] === 0) continue;
    const start = rowStarts[row] + firstEntry | 0;
    const owner = firstOwner + row | 0;
    const held = checkHeldStretch(pools, ids, rowPools[row], owner, start, count);
    const expected = rowIsWindow[row] === 1 ? count - holes : count;
    if (held !== expected) throw missingPages(slot, row, rowPools[row], held, expected);
  }
  const windowPages = (count - holes) * windowRows;
  const fullPages = onlyWindows ? 0 : count * (rows - windowRows);
  const isDirect = pools.references === null && !isStepOpen(a.state.fence);
  if (isDirect) {
    counts.windowHeadPages -= windowPages;
    counts.fullHeadPages -= fullPages;
  }
  for (let row = 0; row < rows; row++) {
    if (onlyWindows && rowIsWindow[row] === 0) continue;
    const start = rowStarts[row] + firstEntry | 0;
    const pool = rowPools[row];
    if (isDirect) putPages(pools, pool, ids, start, count, Math.imul(pool, pools.pagesPerPool));
    else dropHolders(a, row, start, count);
    for (let i = start; i < start + count; i++) ids[i] = HOLE;
    a.draftTable?.ids.fill(HOLE, start, start + count);
  }
  return windowPages + fullPages;
}

function missingPages(
  slot: Slot,
  row: number,
  pool: number,
  held: number,
  expected: number,
): PageError {
  return new PageError(
    "page/missing",
    { pool, page: HOLE },
    `Cannot free row "${row}" of slot "${slot}": it names ${held} pages and holds ` +
      `${expected}; write the table only through the allocator`,
  );
}

function dropHolders(a: CacheAllocator, row: number, start: number, count: number): void {
  const { pools, rowPools, rowIsWindow } = a.state;
  for (let i = start; i < start + count; i++) {
    const page = a.table.ids[i];
    if (page === HOLE) continue;
    dropHolder(a, toPageKey(pools.pagesPerPool, rowPools[row], page), rowIsWindow[row]);
  }
}

/** Adds a holder to a page that is held already. */
export function addHolder(a: CacheAllocator, key: PageKey): void {
  const { owners, references } = a.state.pools;
  if (references === null) return;
  references[key] = owners[key] === SHARED_PAGE ? references[key] + 1 : 2;
  owners[key] = SHARED_PAGE;
}

/**
 * Takes a holder from a page; with the last one the page is freed through the in-flight fence.
 *
 * @param isWindow Whether a window head holds it: 1 or 0.
 */
export function dropHolder(a: CacheAllocator, key: PageKey, isWindow: number): void {
  const { pools, fence, counts } = a.state;
  if (pools.references !== null && pools.owners[key] === SHARED_PAGE) {
    pools.references[key]--;
    if (pools.references[key] > 0) return;
  }
  if (holdPage(fence, key)) pools.owners[key] = QUARANTINED_PAGE;
  else putPage(pools, key);
  if (isWindow === 1) counts.windowHeadPages--;
  else counts.fullHeadPages--;
}

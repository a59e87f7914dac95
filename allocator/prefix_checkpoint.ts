/**
 * Checkpoints: ends of prefixes whose windows are kept.
 *
 * @module
 */
import { HOLE, type Slot } from "./ids.ts";
import { pageKey, type PrefixCache, type PrefixNode, rowLosesPages } from "./prefix_cache.ts";
import { type BlockColumn, visibleColumns } from "./prefix_find.ts";
import { addHolder, dropHolder } from "./prefix_pages.ts";

/**
 * Makes a checkpoint of a block: every window page that the next token sees is kept, taken from a
 * request that has just computed it where the cache lacks it. A block of which the request has
 * recycled a page that is lacking becomes none.
 */
export function setCheckpoint(cache: PrefixCache, slot: Slot, node: PrefixNode): void {
  if (node.checkpoint) return;
  const visible = cache.keepsWindow ? visibleColumns(cache, node) : [];
  const lacking = visible.filter(({ holder, column }) => holder.reach[column] === 0);
  if (!lacking.every((place) => holdsColumn(cache, slot, place))) return;
  for (const place of lacking) keepColumn(cache, slot, place);
  for (const { holder, column } of visible) holder.reach[column]++;
  node.checkpoint = true;
  cache.statistics.checkpoints++;
}

/** Ends a checkpoint: window pages that no other checkpoint reaches lose the cache as a holder. */
export function clearCheckpoint(cache: PrefixCache, node: PrefixNode): void {
  if (!node.checkpoint) return;
  node.checkpoint = false;
  cache.statistics.checkpoints--;
  if (!cache.keepsWindow) return;
  for (const { holder, column } of visibleColumns(cache, node)) {
    holder.reach[column]--;
    if (holder.reach[column] === 0) dropColumn(cache, { holder, column });
  }
}

function holdsColumn(cache: PrefixCache, slot: Slot, { holder, column }: BlockColumn): boolean {
  const { sinkPages, recycledUpTo } = cache.allocator.state;
  const absolute = (holder.depth - 1) * cache.blockPages + column;
  return absolute < sinkPages || absolute >= recycledUpTo[slot];
}

function keepColumn(cache: PrefixCache, slot: Slot, { holder, column }: BlockColumn): void {
  const { allocator: a, blockPages } = cache;
  const absolute = (holder.depth - 1) * blockPages + column;
  for (let row = 0; row < a.state.rows; row++) {
    if (!rowLosesPages(cache, row)) continue;
    const page = a.table.ids[a.state.rowStarts[row] + slot * a.state.slotStride + absolute];
    addHolder(a, pageKey(cache, row, page));
    holder.pages[row * blockPages + column] = page;
  }
  holder.keptColumns++;
  if (holder.users === 0) cache.evictableWindowColumns++;
}

function dropColumn(cache: PrefixCache, { holder, column }: BlockColumn): void {
  const { allocator: a, blockPages } = cache;
  for (let row = 0; row < a.state.rows; row++) {
    if (!rowLosesPages(cache, row)) continue;
    const place = row * blockPages + column;
    dropHolder(a, pageKey(cache, row, holder.pages[place]), a.state.rowIsWindow[row]);
    holder.pages[place] = HOLE;
  }
  holder.keptColumns--;
  if (holder.users === 0) cache.evictableWindowColumns--;
}

/**
 * Where requests can continue from: finding a cached prefix, and checkpoints, the ends of prefixes
 * whose windows are kept.
 *
 * @module
 */
import { HOLE, type Slot } from "./ids.ts";
import { pageKey, type PrefixCache, type PrefixNode, rowLosesPages } from "./prefix_cache.ts";
import { addHolder, dropHolder } from "./row_pages.ts";

/** What a prefix cache knows of a prompt. */
export interface PrefixMatch {
  /** Block after which a request can continue; the root where nothing was found. */
  readonly node: PrefixNode;
  /** Tokens of the prefix that need not be computed. */
  readonly hitTokens: number;
  /**
   * Blocks of the prompt that were found at all. Past `hitTokens` they lack the pages of window
   * heads: the prompt parts from others there, so its end deserves a checkpoint.
   */
  readonly matchedBlocks: number;
}

/**
 * Finds the longest cached prefix of a prompt that a request can continue from. Nothing changes.
 * O(blocks + W/P).
 *
 * @param blocks Ids of the prompt's complete blocks, in order.
 * @param limitTokens Most tokens to find; leave at least one of the prompt to be computed.
 * @returns The match; `hitTokens` is 0 where nothing was found.
 */
export function findPrefix(
  cache: PrefixCache,
  blocks: readonly number[],
  limitTokens: number,
): PrefixMatch {
  const limit = Math.min(blocks.length, Math.floor(limitTokens / cache.blockTokens));
  let node = cache.root;
  while (node.depth < limit) {
    const child = node.children.get(blocks[node.depth]);
    if (child === undefined) break;
    node = child;
  }
  const matchedBlocks = node.depth;
  while (node.parent !== null && !canGoOn(cache, node)) node = node.parent;
  return { node, hitTokens: node.depth * cache.blockTokens, matchedBlocks };
}

/** Whether every window page that the token after a block sees is kept. */
export function canGoOn(cache: PrefixCache, node: PrefixNode): boolean {
  if (!cache.keepsWindow || node.checkpoint || node.parent === null) return true;
  // From the newest column back: where a window was recycled, that one is missing.
  for (const { holder, column } of visibleColumns(cache, node).reverse()) {
    if (holder.reach[column] === 0) return false;
  }
  return true;
}

/** A column of a block. */
export interface BlockColumn {
  readonly holder: PrefixNode;
  /** Index of the column in the block. */
  readonly column: number;
}

/** The first column, sinks aside, that a window head sees after a prefix of `tokens`. */
export function firstVisibleColumn(cache: PrefixCache, tokens: number): number {
  const { pageSizeTokens, heads } = cache.allocator.options;
  return Math.max(0, Math.floor((tokens - heads.windowTokens + 1) / pageSizeTokens));
}

/** The columns that a window head sees after a prefix, oldest first: sinks, then the window. */
export function visibleColumns(cache: PrefixCache, node: PrefixNode): BlockColumn[] {
  const { blockPages } = cache;
  const { sinkPages } = cache.allocator.state;
  const first = firstVisibleColumn(cache, node.depth * cache.blockTokens);
  const visible: BlockColumn[] = [];
  for (let holder = node; holder.parent !== null; holder = holder.parent) {
    const start = (holder.depth - 1) * blockPages;
    for (let column = blockPages - 1; column >= 0; column--) {
      const absolute = start + column;
      if (absolute >= first || absolute < sinkPages) visible.push({ holder, column });
    }
    if (start <= first && sinkPages === 0) break;
  }
  return visible.reverse();
}

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

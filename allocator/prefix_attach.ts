/**
 * How requests hang on the blocks of a prefix cache.
 *
 * @module
 */
import { AllocatorError } from "./options.ts";
import type { Slot } from "./ids.ts";
import {
  createNode,
  pageKey,
  type PrefixCache,
  type PrefixNode,
  prefixPath,
  rowLosesPages,
} from "./prefix_cache.ts";
import { countEvictable } from "./prefix_evict.ts";
import { canGoOn, firstVisibleColumn } from "./prefix_find.ts";
import { addHolder, dropHolder } from "./row_pages.ts";

/**
 * Puts a request into an empty slot that holds exactly the prefix: every page of full heads, and of
 * window heads those that its next token sees.
 *
 * @param node The last block of the prefix; the root for none.
 * @throws {AllocatorError} `slot/occupied`, also when there is no such slot; `prefix/window` when
 *   the cache has let pages go that the next token sees. Nothing changes.
 */
export function attachPrefix(cache: PrefixCache, slot: Slot, node: PrefixNode): void {
  const { allocator: a, blockPages, blockTokens } = cache;
  const s = a.state;
  if (s.active[slot] !== 0) {
    throw new AllocatorError(
      "slot/occupied",
      { slot },
      `Cannot admit a request to slot "${slot}": it holds one, or there are only ` +
        `${a.options.slots} slots; release it first`,
    );
  }
  if (!node.cached || !canGoOn(cache, node)) {
    throw new AllocatorError(
      "prefix/window",
      { slot, depth: node.depth },
      `Cannot admit a request to slot "${slot}" with a prefix of ${node.depth} blocks: the cache ` +
        `has let its pages go; match and admit without an operation in between`,
    );
  }
  const tokens = node.depth * blockTokens;
  const first = cache.keepsWindow ? firstVisibleColumn(cache, tokens) : 0;
  for (const block of prefixPath(node)) {
    const start = (block.depth - 1) * blockPages;
    for (let row = 0; row < s.rows; row++) {
      const loses = rowLosesPages(cache, row);
      for (let column = 0; column < blockPages; column++) {
        const absolute = start + column;
        if (loses && absolute < first && absolute >= s.sinkPages) continue;
        const page = block.pages[row * blockPages + column];
        writePage(cache, { slot, row, column: absolute, page });
        addHolder(a, pageKey(cache, row, page));
      }
    }
    addUser(cache, block);
  }
  s.active[slot] = 1;
  s.columnsHeld[slot] = node.depth * blockPages;
  s.lengthsTokens[slot] = tokens;
  s.nextPositions[slot] = tokens;
  s.recycledUpTo[slot] = first > s.sinkPages ? first : 0;
  cache.attached[s.handles[slot]] = node;
  touchPrefix(cache, node);
}

/** Adds a block with the pages that a request computed for full heads; window heads' come later. */
export function insertBlock(
  cache: PrefixCache,
  slot: Slot,
  o: { readonly parent: PrefixNode; readonly block: number },
): PrefixNode {
  const { allocator: a, blockPages } = cache;
  const s = a.state;
  const node = createNode(o.parent, { block: o.block, rows: s.rows, blockPages });
  for (let row = 0; row < s.rows; row++) {
    if (rowLosesPages(cache, row)) continue;
    const start = s.rowStarts[row] + slot * s.slotStride + o.parent.depth * blockPages;
    for (let column = 0; column < blockPages; column++) {
      const page = a.table.ids[start + column];
      addHolder(a, pageKey(cache, row, page));
      node.pages[row * blockPages + column] = page;
    }
  }
  o.parent.children.set(o.block, node);
  countEvictable(cache, node, 1);
  cache.statistics.cachedBlocks++;
  cache.statistics.insertedBlocks++;
  return node;
}

/**
 * Lets a request that has computed a block which is cached already use the cached pages of full
 * heads: equal tokens have equal keys and values, and its own pages are freed through the fence.
 */
export function shareBlock(cache: PrefixCache, slot: Slot, node: PrefixNode): void {
  const { allocator: a, blockPages } = cache;
  const s = a.state;
  for (let row = 0; row < s.rows; row++) {
    if (rowLosesPages(cache, row)) continue;
    for (let column = 0; column < blockPages; column++) {
      const absolute = (node.depth - 1) * blockPages + column;
      const own = a.table.ids[s.rowStarts[row] + slot * s.slotStride + absolute];
      const page = node.pages[row * blockPages + column];
      if (own === page) continue;
      addHolder(a, pageKey(cache, row, page));
      dropHolder(a, pageKey(cache, row, own), s.rowIsWindow[row]);
      writePage(cache, { slot, row, column: absolute, page });
    }
  }
}

/** Adds a live request to a block. */
export function addUser(cache: PrefixCache, node: PrefixNode): void {
  if (node.users === 0) countEvictable(cache, node, -1);
  node.users++;
}

/** Marks a prefix as used now. */
export function touchPrefix(cache: PrefixCache, node: PrefixNode): void {
  const now = ++cache.clock;
  for (let at = node; at.parent !== null; at = at.parent) at.lastUse = now;
}

function writePage(
  { allocator: a }: PrefixCache,
  o: { slot: Slot; row: number; column: number; page: number },
): void {
  const at = a.state.rowStarts[o.row] + o.slot * a.state.slotStride + o.column;
  a.table.ids[at] = o.page;
  if (a.draftTable !== null) a.draftTable.ids[at] = o.page;
}

/**
 * Eviction of cached prefixes, the least recently used leaf first.
 *
 * @module
 */
import type { CacheAllocator } from "./allocator.ts";
import { assertValid } from "./debug.ts";
import { HOLE } from "./ids.ts";
import { pageKey, type PrefixCache, type PrefixNode, rowLosesPages } from "./prefix_cache.ts";
import { clearCheckpoint } from "./prefix_checkpoint.ts";
import { dropHolder } from "./prefix_pages.ts";

/**
 * Evicts the least recently used block that no live request uses and no cached block follows, with
 * the window pages that only it reached. Blocks before it go along where no request could continue
 * from them.
 *
 * @returns Blocks evicted; 0 where every block is in use.
 */
export function evictPrefix(cache: PrefixCache): number {
  const before = cache.statistics.evictedBlocks;
  for (let candidate = popLeast(cache); candidate !== null; candidate = popLeast(cache)) {
    const { node, lastUse } = candidate;
    if (node.lastUse !== lastUse || !isLeaf(node)) continue;
    removeLeaf(cache, node);
    dropUseless(cache, node.parent!);
    break;
  }
  if (cache.allocator.options.debug) assertValid(cache.allocator, "evictPrefix");
  return cache.statistics.evictedBlocks - before;
}

/**
 * Drops a block from which no request can continue, directly or further down, and those before it; a
 * leaf that stays becomes a candidate for eviction.
 */
export function dropUseless(cache: PrefixCache, from: PrefixNode): void {
  let node = from;
  while (node.parent !== null && isLeaf(node) && !node.checkpoint) {
    removeLeaf(cache, node);
    node = node.parent;
  }
  if (node.parent !== null && isLeaf(node)) pushCandidate(cache, node);
}

/** Counts a block's pages as evictable or not, when its last user leaves or its first one comes. */
export function countEvictable(cache: PrefixCache, node: PrefixNode, sign: 1 | -1): void {
  cache.evictableFullColumns += sign * cache.blockPages;
  cache.evictableWindowColumns += sign * node.keptColumns;
}

function isLeaf(node: PrefixNode): boolean {
  return node.cached && node.users === 0 && node.children.size === 0;
}

function removeLeaf(cache: PrefixCache, node: PrefixNode): void {
  const { allocator: a, blockPages } = cache;
  clearCheckpoint(cache, node);
  for (let row = 0; row < a.state.rows; row++) {
    // A leaf without a checkpoint is reached by none, so its window pages are gone already.
    if (!rowLosesPages(cache, row)) dropRow(a, { cache, node, row, blockPages });
  }
  countEvictable(cache, node, -1);
  node.cached = false;
  node.parent!.children.delete(node.block);
  cache.statistics.cachedBlocks--;
  cache.statistics.evictedBlocks++;
}

function dropRow(
  a: CacheAllocator,
  o: { cache: PrefixCache; node: PrefixNode; row: number; blockPages: number },
): void {
  for (let column = 0; column < o.blockPages; column++) {
    const place = o.row * o.blockPages + column;
    dropHolder(a, pageKey(o.cache, o.row, o.node.pages[place]), a.state.rowIsWindow[o.row]);
    o.node.pages[place] = HOLE;
  }
}

function pushCandidate(cache: PrefixCache, node: PrefixNode): void {
  const heap = cache.candidates;
  const candidate = { node, lastUse: node.lastUse };
  let at = heap.push(candidate) - 1;
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    if (heap[parent].lastUse <= candidate.lastUse) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = candidate;
}

function popLeast(cache: PrefixCache): PrefixCache["candidates"][number] | null {
  const heap = cache.candidates;
  const least = heap[0];
  const last = heap.pop();
  if (least === undefined || last === undefined) return null;
  if (heap.length === 0) return least;
  let at = 0;
  while (true) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1].lastUse < heap[child].lastUse) child++;
    if (heap[child].lastUse >= last.lastUse) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return least;
}

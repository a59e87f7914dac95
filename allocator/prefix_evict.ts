/**
 * Eviction of cached prefixes, the least recently used leaf first.
 *
 * @module
 */
import { pagesForLength, type ReservedQuestion } from "./admission.ts";
import { assertValid } from "./validate_allocator.ts";
import { HOLE } from "./ids.ts";
import {
  pageKey,
  type PrefixCache,
  type PrefixNode,
  prefixPath,
  rowLosesPages,
} from "./prefix_cache.ts";
import { clearCheckpoint, type PrefixMatch } from "./prefix_find.ts";
import { dropHolder } from "./row_pages.ts";

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
  const { rows, rowIsWindow } = a.state;
  clearCheckpoint(cache, node);
  for (let row = 0; row < rows; row++) {
    // A leaf without a checkpoint is reached by none, so its window pages are gone already.
    if (rowLosesPages(cache, row)) continue;
    for (let place = row * blockPages; place < (row + 1) * blockPages; place++) {
      dropHolder(a, pageKey(cache, row, node.pages[place]), rowIsWindow[row]);
    }
  }
  node.pages.fill(HOLE);
  countEvictable(cache, node, -1);
  node.cached = false;
  node.parent!.children.delete(node.block);
  cache.statistics.cachedBlocks--;
  cache.statistics.evictedBlocks++;
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

/**
 * Tells whether the pools could hold a request beyond the prefix that was found for it, with every
 * cached block evicted that nothing uses. Nothing is evicted. Upper bounds as in `canAdmit`.
 *
 * @param match What was found of its prompt; its blocks do not count as evictable.
 */
export function canAdmitWithPrefix(
  cache: PrefixCache,
  o: ReservedQuestion,
  match: PrefixMatch,
): boolean {
  const demand = pagesForLength(cache.allocator, o);
  const hitColumns = match.node.depth * cache.blockPages;
  const full = Math.max(0, demand.fullHeadPages - hitColumns);
  const idle = prefixPath(match.node).filter(({ users }) => users === 0);
  return holds(cache, {
    full,
    window: Math.min(full, demand.windowHeadPages),
    reserve: o.reservePages ?? 0,
    evictableFull: cache.evictableFullColumns - idle.length * cache.blockPages,
    evictableWindow: cache.evictableWindowColumns -
      idle.reduce((sum, { keptColumns }) => sum + keptColumns, 0),
  });
}

/**
 * Evicts cached prefixes on every rank alike until the pools hold `columns` more columns. Where the
 * blocks that nothing uses are too few, the windows kept along live requests' own prefixes go too.
 * While a step in flight would keep the pages, nothing is evicted.
 */
export function makeRoom(caches: readonly PrefixCache[], columns: number): boolean {
  const demand = { full: columns, window: columns, reserve: 0 };
  const inFlight = caches.some(({ allocator: { state } }) =>
    state.fence.nextStep !== state.fence.oldestOpen
  );
  if (inFlight) return false;
  const feasible = caches.every((cache) =>
    holds(cache, {
      ...demand,
      evictableFull: cache.evictableFullColumns,
      evictableWindow: cache.evictableWindowColumns,
    })
  );
  if (!feasible) { for (const cache of caches) clearUsedCheckpoints(cache); }
  const free = { ...demand, evictableFull: 0, evictableWindow: 0 };
  while (!caches.every((cache) => holds(cache, free))) {
    const evicted = caches.map(evictPrefix);
    if (evicted.includes(0)) return false;
  }
  return true;
}

/** Lets go the windows that are kept along the prefixes of live requests, which do not need them. */
function clearUsedCheckpoints(cache: PrefixCache): void {
  if (!cache.keepsWindow) return;
  for (const node of cache.attached) {
    if (node === null) continue;
    for (const block of prefixPath(node)) clearCheckpoint(cache, block);
  }
}

function holds(cache: PrefixCache, o: {
  readonly full: number;
  readonly window: number;
  readonly reserve: number;
  readonly evictableFull: number;
  readonly evictableWindow: number;
}): boolean {
  const { pools, rows, rowIsWindow, windowRows } = cache.allocator.state;
  // Where window heads lose nothing, their pages are kept and evicted like those of full heads.
  const evictableWindow = cache.keepsWindow ? o.evictableWindow : o.evictableFull;
  if (pools.pools === 1) {
    const fullRows = rows - windowRows;
    return o.full * fullRows + o.window * windowRows + o.reserve * rows <=
      pools.freeCounts[0] + o.evictableFull * fullRows + evictableWindow * windowRows;
  }
  for (let row = 0; row < rows; row++) {
    const [need, evictable] = rowIsWindow[row] === 1
      ? [o.window, evictableWindow]
      : [o.full, o.evictableFull];
    if (need + o.reserve > pools.freeCounts[row] + evictable) return false;
  }
  return true;
}

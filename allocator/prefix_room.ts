import { pagesForLength, type ReservedQuestion } from "./admission.ts";
import { type PrefixCache, prefixPath } from "./prefix_cache.ts";
import { clearCheckpoint } from "./prefix_checkpoint.ts";
import { evictPrefix } from "./prefix_evict.ts";
import type { PrefixMatch } from "./prefix_find.ts";

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

import type { CacheAllocator } from "./allocator.ts";
import { admit, extend, findObstacle, type GrowOptions } from "./grow.ts";
import type { Slot } from "./ids.ts";
import { AllocatorError } from "./options.ts";
import type { PageOutcome } from "./outcome.ts";

/** One growth on all ranks. */
export interface RankGrowth extends GrowOptions {
  /** The slot, the same on every rank. */
  readonly slot: Slot;
  /** Tokens in total. */
  readonly lengthTokens: number;
}

/**
 * Admits a request on every rank, or on none.
 *
 * @returns The first rank's outcome, or the first obstacle that any rank meets.
 * @throws {AllocatorError} `rank/mismatch` when the slot is not empty on every rank.
 */
export function admitOnEveryRank(ranks: readonly CacheAllocator[], o: RankGrowth): PageOutcome {
  return growOnEveryRank(ranks, o, 0);
}

/**
 * Grows a request on every rank, or on none.
 *
 * @returns The first rank's outcome, or the first obstacle that any rank meets.
 * @throws {AllocatorError} `rank/mismatch` when the slot does not hold a request on every rank.
 */
export function extendOnEveryRank(ranks: readonly CacheAllocator[], o: RankGrowth): PageOutcome {
  return growOnEveryRank(ranks, o, 1);
}

function growOnEveryRank(
  ranks: readonly CacheAllocator[],
  o: RankGrowth,
  active: 0 | 1,
): PageOutcome {
  const odd = ranks.findIndex((rank) => rank.state.active[o.slot] !== active);
  if (odd >= 0 || ranks.length === 0) {
    throw new AllocatorError(
      "rank/mismatch",
      { slot: o.slot, rank: odd },
      `Cannot grow slot "${o.slot}" on ${ranks.length} ranks: on rank "${odd}" it ` +
        `${active === 1 ? "holds no request" : "is not empty"}; give every rank the same requests`,
    );
  }
  // One rank by itself finds its own obstacle.
  for (const rank of ranks.length > 1 ? ranks : []) {
    const obstacle = findObstacle(rank, o.slot, o.lengthTokens, o);
    if (obstacle !== null) return obstacle;
  }
  const change = active === 1 ? extend : admit;
  const [first] = ranks.map((rank) => change(rank, o.slot, o.lengthTokens, o));
  return first;
}

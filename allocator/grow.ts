import { type CacheAllocator, checkActiveSlot } from "./allocator.ts";
import { assertValid } from "./validate_allocator.ts";
import type { Slot } from "./ids.ts";
import { AllocatorError } from "./options.ts";
import type { PageOutcome, PageShortage, RefusalReason } from "./outcome.ts";
import { takeColumns } from "./row_pages.ts";

/** How far a growth looks ahead. */
export interface GrowOptions {
  /**
   * Whether the configured number of pages a head is taken ahead when new pages are needed at all.
   * They are part of the demand: if the pools lack them, the whole demand is refused.
   * @default {false}
   */
  readonly preallocate?: boolean;
}

/**
 * Gives an empty slot a request: pages for its first tokens, for every head and group, or none.
 *
 * @param lengthTokens Tokens that the pages must hold, ≥ 0.
 * @returns `allocated`, `shortage` or `refused`; the slot is taken only when allocated.
 * @throws {AllocatorError} `slot/occupied` when the slot holds a request, `length/invalid` when the
 *   length is no integer ≥ 0.
 */
export function admit(
  a: CacheAllocator,
  slot: Slot,
  lengthTokens: number,
  o?: GrowOptions,
): PageOutcome {
  const active = a.state.active[slot];
  if (active !== 0) {
    throw new AllocatorError(
      "slot/occupied",
      { slot },
      active === undefined
        ? `Cannot admit a request to slot "${slot}": slots are integers in [0, ${a.options.slots})`
        : `Cannot admit a request to slot "${slot}": it holds one; release it first`,
    );
  }
  const outcome = grow(a, slot, lengthTokens, o?.preallocate === true);
  if (outcome.kind === "allocated") {
    a.state.active[slot] = 1;
    a.state.nextPositions[slot] = 0;
  }
  if (a.options.debug) assertValid(a, "admit");
  return outcome;
}

/**
 * Grows a request so that it holds a length in total, for every head and group, or not at all.
 * O(1) while the pages suffice, O(new pages·rows) otherwise; no garbage either way. A lesser
 * length than before (rejected draft tokens) is recorded and keeps the pages.
 *
 * @returns `allocated` (perhaps with 0 new pages), `shortage`, or `refused` past M or the model's
 *   length, or where recycled pages would be needed again. Only `allocated` changes anything.
 * @throws {AllocatorError} `slot/empty` or `length/invalid`.
 */
export function extend(
  a: CacheAllocator,
  slot: Slot,
  lengthTokens: number,
  o?: GrowOptions,
): PageOutcome {
  checkActiveSlot(a, slot);
  const outcome = grow(a, slot, lengthTokens, o?.preallocate === true);
  if (a.options.debug) assertValid(a, "extend");
  return outcome;
}

/**
 * Tells whether a length needs pages that the slot does not hold yet. O(1): a decode loop asks
 * this for each token and calls {@link extend} only where the answer is yes.
 */
export function needsPages(a: CacheAllocator, slot: Slot, lengthTokens: number): boolean {
  return lengthTokens > a.state.columnsHeld[slot] * a.options.pageSizeTokens;
}

/**
 * Tells what a growth would answer, without changing anything.
 *
 * @returns The refusal or shortage, or null when the growth would succeed.
 * @throws {AllocatorError} `length/invalid` when the length is no integer ≥ 0.
 */
export function findObstacle(
  a: CacheAllocator,
  slot: Slot,
  lengthTokens: number,
  o?: GrowOptions,
): Exclude<PageOutcome, { kind: "allocated" }> | null {
  const refusal = findRefusal(a, slot, lengthTokens);
  if (refusal !== null) return refusal;
  const columns = countNewColumns(a, slot, lengthTokens, o?.preallocate === true);
  const shortage = columns === 0 ? null : findShortage(a, columns);
  return shortage === null ? null : { kind: "shortage", shortage };
}

type Refusal = Extract<PageOutcome, { kind: "refused" }>;

function findRefusal(
  a: CacheAllocator,
  slot: Slot,
  lengthTokens: number,
): Refusal | null {
  if (!Number.isInteger(lengthTokens) || lengthTokens < 0) {
    throw new AllocatorError(
      "length/invalid",
      { slot, lengthTokens },
      `Cannot hold "${lengthTokens}" tokens in slot "${slot}": give an integer of at least 0`,
    );
  }
  const { modelLengthTokens, columns, pageSizeTokens, heads } = a.options;
  if (lengthTokens > modelLengthTokens) {
    return refusal("past-model-length", lengthTokens, modelLengthTokens);
  }
  if (lengthTokens > columns * pageSizeTokens) {
    return refusal("past-columns", lengthTokens, columns * pageSizeTokens);
  }
  // A query at position p needs the keys after p − W: shrinking further would want freed pages.
  const recycled = a.state.recycledUpTo[slot];
  const leastTokens = recycled * pageSizeTokens + heads.windowTokens - 1;
  return recycled > 0 && lengthTokens < leastTokens
    ? refusal("below-recycled", lengthTokens, leastTokens)
    : null;
}

function refusal(reason: RefusalReason, lengthTokens: number, limitTokens: number): Refusal {
  return { kind: "refused", reason, lengthTokens, limitTokens };
}

function countNewColumns(
  a: CacheAllocator,
  slot: Slot,
  lengthTokens: number,
  preallocate: boolean,
): number {
  const held = a.state.columnsHeld[slot];
  const { pageSizeTokens } = a.options;
  const columns = (lengthTokens + pageSizeTokens - 1) / pageSizeTokens | 0;
  if (columns <= held) return 0;
  if (!preallocate) return columns - held;
  return Math.min(columns + a.options.preallocatedPages, a.state.columnLimit) - held;
}

function findShortage(a: CacheAllocator, columns: number): PageShortage | null {
  const { pools, rows } = a.state;
  const need = pools.pools === 1 ? columns * rows : columns;
  for (let pool = 0; pool < pools.pools; pool++) {
    const free = pools.freeCounts[pool];
    if (free < need) {
      const shared = pools.pools === 1 && a.options.layout !== "headwise";
      return {
        layout: a.options.layout,
        group: Math.floor(pool / a.options.heads.kvHeads),
        head: shared ? null : pool % a.options.heads.kvHeads,
        need,
        free,
        capacity: pools.pagesPerPool,
      };
    }
  }
  return null;
}

function grow(
  a: CacheAllocator,
  slot: Slot,
  lengthTokens: number,
  preallocate: boolean,
): PageOutcome {
  const refusal = findRefusal(a, slot, lengthTokens);
  if (refusal !== null) return refusal;
  const columns = countNewColumns(a, slot, lengthTokens, preallocate);
  if (columns > 0) {
    const shortage = findShortage(a, columns);
    if (shortage !== null) return { kind: "shortage", shortage };
    takeColumns(a, slot, columns);
  }
  a.state.lengthsTokens[slot] = lengthTokens;
  return allocatedOutcome(a, columns * a.state.rows);
}

function allocatedOutcome(a: CacheAllocator, pages: number): PageOutcome {
  const known = a.state.outcomes.get(pages);
  if (known !== undefined) return known;
  const outcome: PageOutcome = Object.freeze({ kind: "allocated", pages });
  a.state.outcomes.set(pages, outcome);
  return outcome;
}

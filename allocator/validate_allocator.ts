import type { CacheAllocator } from "./allocator.ts";
import { findBrokenWord, hasOrdinal } from "./bitmap.ts";
import { HOLE } from "./ids.ts";
import { AllocatorError } from "./options.ts";
import { FREE_PAGE, QUARANTINED_PAGE, SHARED_PAGE } from "./page_pool.ts";
import { validateTable, type Violation } from "./validate_table.ts";

/**
 * Checks everything an allocator promises: its table (see {@link validateTable}), that free +
 * quarantined + held pages are all pages with none named twice, that each pool's free set is one, that
 * every page's owner is the row that names it, and that the draft model's table is alike. O(pages).
 */
export function validateAllocator(a: CacheAllocator): Violation[] {
  return [
    ...validateTable({
      table: a.table,
      pagesPerHead: a.options.pagesPerHead,
      pageSizeTokens: a.options.pageSizeTokens,
      heads: a.options.heads,
      lengthsTokens: a.state.lengthsTokens,
      nextPositions: a.state.nextPositions,
      allocatedColumns: a.state.columnsHeld,
      sharedPages: a.state.pools.references !== null,
    }),
    ...validateHolders(a),
    ...validateFreeSets(a),
    ...validateCounts(a),
    ...validateSlots(a),
  ];
}

function validateHolders(a: CacheAllocator): Violation[] {
  const s = a.state;
  const violations: Violation[] = [];
  for (let slot = 0; slot < a.options.slots; slot++) {
    for (let row = 0; row < s.rows; row++) {
      const start = s.rowStarts[row] + slot * s.slotStride;
      for (let column = 0; column < a.options.columns; column++) {
        const value = a.table.ids[start + column];
        if (value < 0 || value >= s.pools.pagesPerPool) continue;
        const holder = s.pools.owners[s.rowPools[row] * s.pools.pagesPerPool + value];
        if (holder !== s.handles[slot] * s.rows + row && holder !== SHARED_PAGE) {
          violations.push({
            clause: "pool/conservation",
            slot,
            column,
            value,
            message: `Cannot name page "${value}" in row ${row} of slot ${slot}, column ` +
              `${column}: its owner is "${holder}"; name only pages that the slot took`,
          });
        }
      }
    }
  }
  return violations;
}

function validateFreeSets(a: CacheAllocator): Violation[] {
  const { pools } = a.state;
  const violations: Violation[] = [];
  for (let pool = 0; pool < pools.pools; pool++) {
    const offset = pool * pools.pagesPerPool;
    const broken = findBrokenWord(pools.free, pool);
    if (broken >= 0) {
      violations.push({
        clause: "pool/conservation",
        value: broken,
        message: `Cannot trust the free set of pool ${pool}: word "${broken}" contradicts the ` +
          `level below it; change it only through the pool`,
      });
    }
    for (let ordinal = 0; ordinal < pools.pagesPerPool; ordinal++) {
      const id = pools.idOfOrdinal === null ? ordinal : pools.idOfOrdinal[offset + ordinal];
      const owner = pools.owners[offset + id];
      if (hasOrdinal(pools.free, pool, ordinal) === (owner === FREE_PAGE)) continue;
      violations.push({
        clause: "pool/conservation",
        value: id,
        message: owner === FREE_PAGE
          ? `Cannot take page "${id}" of pool ${pool}: it has no owner and it is not in the free set`
          : `Cannot keep page "${id}" in the free set of pool ${pool}: it is owned by "${owner}"`,
      });
    }
  }
  return violations;
}

function validateCounts(a: CacheAllocator): Violation[] {
  const s = a.state;
  const { owners } = s.pools;
  let free = 0;
  let quarantined = 0;
  for (let key = 0; key < owners.length; key++) {
    if (owners[key] === FREE_PAGE) free++;
    else if (owners[key] === QUARANTINED_PAGE) quarantined++;
  }
  let named = 0;
  for (const id of a.table.ids) if (id !== HOLE) named++;
  const held = owners.length - free - quarantined;
  const totals: (readonly [string, number, number])[] = [
    ["free", free, s.pools.freeCounts.reduce((sum, count) => sum + count, 0)],
    ["quarantined", quarantined, s.fence.waiting],
    ["counted", s.counts.fullHeadPages + s.counts.windowHeadPages, held],
  ];
  // A shared page has several names, or none while only a cache holds it.
  if (s.pools.references === null) totals.push(["held", held, named]);
  return totals.filter(([, found, expected]) => found !== expected).map((
    [name, found, expected],
  ) => ({
    clause: "pool/conservation",
    value: found,
    message: `Cannot balance ${owners.length} pages: "${found}" are ${name} and ${expected} ` +
      `should be; free + quarantined + held = total must hold`,
  }));
}

function validateSlots(a: CacheAllocator): Violation[] {
  const s = a.state;
  const violations: Violation[] = [];
  for (let slot = 0; slot < a.options.slots; slot++) {
    const leftover = s.lengthsTokens[slot] + s.columnsHeld[slot] + s.recycledUpTo[slot];
    if (s.active[slot] === 0 && leftover !== 0) {
      violations.push({
        clause: "abort/exact",
        slot,
        message: `Cannot leave state in the empty slot ${slot}: clear length and columns`,
      });
    }
  }
  const draft = a.draftTable;
  if (draft !== null) {
    const index = a.table.ids.findIndex((id, i) => draft.ids[i] !== id);
    if (index >= 0) {
      violations.push({
        clause: "slot/swap-rows",
        value: draft.ids[index],
        message: `Cannot use a draft table with "${draft.ids[index]}" at entry ${index}: the ` +
          `target's table has "${a.table.ids[index]}"; move the rows of both tables alike`,
      });
    }
  }
  return violations;
}

/**
 * Validates an allocator and throws what is wrong: what the debug switch runs after every
 * operation. O(pages).
 *
 * @param operation The operation that has just ended, for the message.
 * @throws {AllocatorError} `debug/violation`, with all violations as data.
 */
export function assertValid(a: CacheAllocator, operation: string): void {
  const violations = validateAllocator(a);
  if (violations.length > 0) {
    const { clause, message } = violations[0];
    throw new AllocatorError(
      "debug/violation",
      { operation, violations },
      `Cannot trust the table after "${operation}": ${violations.length} violations, first ` +
        `"${clause}": ${message}`,
    );
  }
}

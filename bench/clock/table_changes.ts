/** What changed in a block table since it was sent, entry by entry. */

import type { BlockTable } from "../../allocator/mod.ts";

/** Which entries a step reads. */
export interface ReadEntries {
  /** Table of all groups. */
  readonly table: BlockTable;
  /** Layer group whose rows are used. */
  readonly group: number;
  /** Tokens of a page. */
  readonly pageSizeTokens: number;
  /** [B] new tokens of each slot. */
  readonly queryLengths: Int32Array;
  /** [B] tokens of each slot that were in the cache before the step. */
  readonly cachedLengths: Int32Array;
}

/** First row of a slot, and how many rows it has, in a layer group. */
export function rowsOfSlot(
  table: BlockTable,
  o: { readonly group: number; readonly slot: number },
): { readonly first: number; readonly count: number } {
  return table.layout === "uniform"
    ? { first: o.slot, count: 1 }
    : { first: (o.group * table.slots + o.slot) * table.kvHeads, count: table.kvHeads };
}

/**
 * Adds what a step would read otherwise than it was sent, as pairs of an index and an id. Entries that
 * the step does not read, past a row's length or of idle slots, are left as they were.
 *
 * @param sent What was sent; brought up to date.
 * @param step What the step reads.
 * @param changes Where the pairs are added.
 */
export function addChanges(sent: Int32Array, step: ReadEntries, changes: number[]): void {
  const { table, queryLengths, cachedLengths, pageSizeTokens } = step;
  const { ids, columns } = table;
  for (let slot = 0; slot < table.slots; slot++) {
    if (queryLengths[slot] === 0) continue;
    const used = Math.ceil((cachedLengths[slot] + queryLengths[slot]) / pageSizeTokens);
    const rows = rowsOfSlot(table, { group: step.group, slot });
    for (let row = rows.first; row < rows.first + rows.count; row++) {
      for (let index = row * columns; index < row * columns + used; index++) {
        if (sent[index] === ids[index]) continue;
        sent[index] = ids[index];
        changes.push(index, ids[index]);
      }
    }
  }
}

/** What changed in a block table since it was sent, entry by entry. */

import type { BlockTable } from "../../allocator/mod.ts";
import type { GroupRows } from "../../kernel/mod.ts";

/** First row of a slot, and how many rows it has, in a layer group. */
export function rowsOfSlot(
  table: BlockTable,
  o: { readonly group: number; readonly slot: number },
): { readonly first: number; readonly count: number } {
  return table.layout === "uniform"
    ? { first: o.slot, count: 1 }
    : { first: (o.group * table.slots + o.slot) * table.kvHeads, count: table.kvHeads };
}

/** The table as somebody else has it. */
export interface SentTable {
  readonly ids: Int32Array<ArrayBuffer>;
  /**
   * Adds what a step would read otherwise than it was sent, as pairs of an index and an id. Entries
   * that the step does not read, past a row's length or of idle slots, are left as they were.
   */
  readonly addChanges: (step: GroupRows, changes: number[]) => void;
}

/**
 * Follows a table that was sent as it is now.
 *
 * A decode step changes nothing but at the end of a page. A row that is as long in pages as it was, and
 * ends in the page that it ended in, is the same request's row: a page that is written belongs to one
 * request, and a request's pages are recycled where its length reaches a page's end.
 */
export function followTable(
  table: BlockTable,
  { pageSizeTokens }: { readonly pageSizeTokens: number },
): SentTable {
  const ids = Int32Array.from(table.ids);
  const rows = ids.length / table.columns;
  const columnsSeen = new Int32Array(rows);
  const lastSeen = new Int32Array(rows);
  return {
    ids,
    addChanges: (step, changes) => {
      const { queryLengths, cachedLengths } = step;
      const { columns } = step.table;
      const now = step.table.ids;
      for (let slot = 0; slot < step.table.slots; slot++) {
        if (queryLengths[slot] === 0) continue;
        const used = Math.ceil((cachedLengths[slot] + queryLengths[slot]) / pageSizeTokens);
        const { first, count } = rowsOfSlot(step.table, { group: step.group, slot });
        for (let row = first; row < first + count; row++) {
          const last = now[row * columns + used - 1];
          if (columnsSeen[row] === used && lastSeen[row] === last) continue;
          columnsSeen[row] = used;
          lastSeen[row] = last;
          for (let index = row * columns; index < row * columns + used; index++) {
            if (ids[index] === now[index]) continue;
            ids[index] = now[index];
            changes.push(index, now[index]);
          }
        }
      }
    },
  };
}

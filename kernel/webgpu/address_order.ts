/**
 * Block tables whose full pages stand in the order of their addresses.
 *
 * Reads of random pages over more than about 8 GB wait for translations of addresses, and reads in the
 * order of addresses do not (docs/kernel.md). A head of full context attends to every key before a step's
 * own tokens, in any order; so the device may find their pages in another order than the table has them.
 * Pages of heads with windows, and those that the step's own tokens lie in, stay where they are.
 */

import type { GroupRows } from "../step_rows.ts";

/** Bytes of one layer's keys and values up to which random pages are read at full speed. */
export const ADDRESS_REACH_BYTES = 8e9;

/** A copy of a table in the order of addresses, kept from step to step. */
export interface AddressOrder {
  /** Ids as the device gets them. */
  ids: Int32Array<ArrayBuffer>;
  /** The ids that they were made of. */
  seen: Int32Array<ArrayBuffer>;
  /** Pages of each row, from its first column on, that are in order. */
  ordered: Int32Array<ArrayBuffer>;
}

/** Makes an empty copy. */
export function createAddressOrder(): AddressOrder {
  return { ids: new Int32Array(0), seen: new Int32Array(0), ordered: new Int32Array(0) };
}

/**
 * Brings the copy up to date for a step: rows that only grew take in their new pages, others are sorted.
 *
 * @param o Windows of the heads, [H], 0 for full context; P.
 * @returns Ids for the device, in the shape of the table's: rows of busy slots count.
 */
export function orderByAddress(
  order: AddressOrder,
  batch: GroupRows,
  o: { readonly headWindows: Int32Array; readonly pageSizeTokens: number },
): Int32Array<ArrayBuffer> {
  const { table, group, queryLengths, cachedLengths } = batch;
  const { columns } = table;
  if (order.ids.length !== table.ids.length) {
    order.ids = new Int32Array(table.ids.length);
    order.seen = new Int32Array(table.ids.length);
    order.ordered = new Int32Array(table.ids.length / columns);
  }
  const isUniform = table.layout === "uniform";
  const heads = isUniform ? 1 : table.kvHeads;
  const base = isUniform ? 0 : group * table.slots * heads;
  for (let slot = 0; slot < queryLengths.length; slot++) {
    if (queryLengths[slot] === 0) continue;
    const fullPages = Math.floor(cachedLengths[slot] / o.pageSizeTokens);
    for (let head = 0; head < heads; head++) {
      const isWindowed = isUniform
        ? o.headWindows.some((tokens) => tokens > 0)
        : o.headWindows[head] > 0;
      orderRow(order, table.ids, {
        row: base + slot * heads + head,
        columns,
        count: isWindowed ? 0 : Math.min(fullPages, columns),
      });
    }
  }
  return order.ids;
}

/** Orders the first `count` pages of a row; the others are copied. */
function orderRow(
  order: AddressOrder,
  ids: Int32Array,
  { row, columns, count }: { row: number; columns: number; count: number },
): void {
  const first = row * columns;
  let same = 0;
  while (same < count && order.seen[first + same] === ids[first + same]) same++;
  const kept = order.ordered[row] <= same ? order.ordered[row] : 0;
  order.seen.set(ids.subarray(first + same, first + columns), first + same);
  order.ids.set(ids.subarray(first + kept, first + columns), first + kept);
  if (kept < count) order.ids.subarray(first, first + count).sort();
  order.ordered[row] = count;
}

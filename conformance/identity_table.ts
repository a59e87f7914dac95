/** The table that a step is recorded with: page i of slot s is base + i, base = slot·pages. */
import { identityTable } from "../allocator/mod.ts";
import type { AttentionShape } from "../kernel/mod.ts";

/**
 * Builds the table that a step is recorded with.
 *
 * @param shape Sizes of the step; the pools must hold B·`pages` pages per head.
 * @param pages Pages of each slot, at most M.
 * @returns [B·H, M] ids, or [B, M] for the uniform layout.
 */
export function captureTable(shape: AttentionShape, pages: number): Int32Array {
  const { layout, batch, kvHeads, columns } = shape;
  return identityTable({ layout, layerGroups: 1, slots: batch, kvHeads, columns }, pages).ids;
}

/** Tells what keeps a table from being one that a step may be recorded with; null for nothing. */
export function identityFault(shape: AttentionShape, table: Int32Array | null): string | null {
  if (table === null) {
    return "there is no table; give one with identity ids for every head";
  }
  const pages = table.subarray(0, shape.columns).filter((id) => id >= 0).length;
  if (pages === 0) {
    return "the first row is empty; give identity ids for every head";
  }
  const expected = captureTable(shape, pages);
  if (expected.length !== table.length) {
    return `the table has ${table.length} entries, not ${expected.length}; give B·H rows of M`;
  }
  const place = table.findIndex((id, index) => id !== expected[index]);
  return place < 0
    ? null
    : `entry ${place} is ${table[place]}, not ${expected[place]}; give identity ids`;
}

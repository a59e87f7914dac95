import { type BlockTable, idSpacePages, tableRows } from "./block_table.ts";
import type { HeadMap } from "./head_map.ts";
import { HOLE } from "./ids.ts";

/** One breach of the ABI, in words for people and in fields for programs. */
export interface Violation {
  /** The clause that is broken, such as `sentinel/only-minus-one`. */
  readonly clause: string;
  /** What is wrong, where, and what to do. */
  readonly message: string;
  /** Layer group of the entry. */
  readonly group?: number;
  /** Slot of the entry. */
  readonly slot?: number;
  /** KV head of the entry. */
  readonly head?: number;
  /** Column of the entry. */
  readonly column?: number;
  /** The offending value. */
  readonly value?: number;
}

/** A table and what is known about its requests. */
export interface TableQuestion {
  /** The table. */
  readonly table: BlockTable;
  /** Pages N a head. */
  readonly pagesPerHead: number;
  /** Tokens per page P. */
  readonly pageSizeTokens: number;
  /** Which heads keep a window. */
  readonly heads: HeadMap;
  /** W of each head [Lg][H], 0 for full context, where heads have windows of their own. */
  readonly headWindows?: readonly ArrayLike<number>[];
  /** Tokens of each slot, those of the coming step included; int32 [B], 0 for an empty slot. */
  readonly lengthsTokens: Int32Array;
  /**
   * The smallest position that each slot has still to compute, which decides what is dead; int32
   * [B]. Without it a hole may stand wherever some future query hides the page.
   */
  readonly nextPositions?: Int32Array;
  /** Allocated columns of each slot, preallocated ones included; int32 [B], ceil(length/P) unless given. */
  readonly allocatedColumns?: Int32Array;
  /** Whether slots may name one page together, at the same head and column. @default {false} */
  readonly sharedPages?: boolean;
  /** Tokens of each row, [B][Lg·H], where rows of a slot differ; `lengthsTokens` otherwise. */
  readonly rowLengthsTokens?: readonly (readonly number[])[];
  /** Pages of the one pool, where that is not a whole number of pages per head. */
  readonly idLimit?: number;
  /** Columns of the uniform table that the head-wise table stands in for. */
  readonly uniformColumns?: number;
}

/**
 * Checks a table against the ABI's clauses on layouts, shapes and sentinels: the row count, the
 * columns, the types, ids out of range, ids named twice, holes in live ranges and stale tails.
 * O(entries); meant for the debug switch, tests and foreign tables.
 *
 * @returns The violations; an empty list means that the table is sound. Entries are not looked at
 *   where shape or type are wrong already.
 *
 * @example A second negative sentinel
 * ```ts
 * import { createBlockTable, headMapFromPattern, validateTable } from "@headwise/headwise/allocator";
 * import assert from "node:assert/strict";
 *
 * const heads = headMapFromPattern({
 *   layers: 1, kvHeads: 1, pattern: "first", ratio: 0, windowTokens: 0, sinkTokens: 0,
 * });
 * const table = createBlockTable({
 *   layout: "headwise", layerGroups: 1, slots: 1, kvHeads: 1, columns: 2,
 * });
 * table.ids[0] = -2;
 * const violations = validateTable({
 *   table, pagesPerHead: 8, pageSizeTokens: 16, heads, lengthsTokens: Int32Array.of(16),
 * });
 * assert.equal(violations[0].clause, "sentinel/only-minus-one");
 * assert.equal(violations[0].value, -2);
 * ```
 */
export function validateTable(o: TableQuestion): Violation[] {
  const shape = validateShape(o);
  return shape.length > 0 ? shape : validateEntries(o);
}

function validateShape(o: TableQuestion): Violation[] {
  const { table, heads, pageSizeTokens } = o;
  const violations: Violation[] = [];
  const add = (clause: string, message: string): number => violations.push({ clause, message });

  const arrays: readonly [string, unknown][] = [
    ["table.ids", table.ids],
    ["lengthsTokens", o.lengthsTokens],
    ["nextPositions", o.nextPositions ?? o.lengthsTokens],
    ["allocatedColumns", o.allocatedColumns ?? o.lengthsTokens],
  ];
  for (const [name, array] of arrays) {
    if (!(array instanceof Int32Array)) {
      const type = (array as object | null)?.constructor?.name ?? typeof array;
      add("dtype/int32", `Cannot read "${name}" as "${type}": give an Int32Array`);
    } else if (name !== "table.ids" && array.length !== table.slots) {
      add(
        "shape/rows",
        `Cannot read "${name}" of ${array.length} entries: give one for each of the ` +
          `${table.slots} slots`,
      );
    }
  }
  const columnsPositive = Number.isInteger(table.columns) && table.columns > 0;
  if (!columnsPositive) {
    add("shape/columns-positive", `Cannot use "${table.columns}" columns: give at least 1`);
  }
  const headsAgree = table.layout === "uniform" || (
    table.kvHeads === heads.kvHeads && table.layerGroups === heads.groups.length
  );
  if (!headsAgree) {
    add(
      "layout/row-major-heads",
      `Cannot use a table of ${table.layerGroups} groups with ${table.kvHeads} heads: the head ` +
        `map has ${heads.groups.length} groups with ${heads.kvHeads} heads local to the rank`,
    );
  }
  if (columnsPositive && table.ids.length !== tableRows(table) * table.columns) {
    add(
      "shape/rows",
      `Cannot use a table of ${table.ids.length} entries: its shape has ${tableRows(table)} rows ` +
        `of ${table.columns} columns`,
    );
  }
  if (o.uniformColumns !== undefined && table.columns < o.uniformColumns) {
    add(
      "shape/columns-cover",
      `Cannot use "${table.columns}" columns beside a uniform table of ${o.uniformColumns}: rows ` +
        `are indexed by absolute page, give at least as many`,
    );
  }
  const sizeFits = pageSizeTokens >= 1 && pageSizeTokens <= 256 &&
    (pageSizeTokens & (pageSizeTokens - 1)) === 0;
  if (!sizeFits) {
    add(
      "shape/group",
      `Cannot use pages of "${pageSizeTokens}" tokens: give a power of two in [1, 256]`,
    );
  }
  return violations;
}

function validateEntries(o: TableQuestion): Violation[] {
  const { table, heads, pageSizeTokens } = o;
  const violations: Violation[] = [];
  const rows = tableRows(table);
  const limit = o.idLimit ?? idSpacePages(table, o.pagesPerHead);
  const isPoolPerHead = table.layout === "headwise";
  const pools = isPoolPerHead ? table.layerGroups * table.kvHeads : 1;
  /** Which row named a page first, page by page of every pool. */
  const firstRows = new Int32Array(pools * limit).fill(HOLE);
  const sinkPages = Math.ceil(heads.sinkTokens / pageSizeTokens);

  for (let row = 0; row < rows; row++) {
    const { group, slot, head, ofSlot } = placeOfRow(table, row);
    const lengthTokens = o.rowLengthsTokens?.[slot]?.[ofSlot] ?? o.lengthsTokens[slot];
    const usedColumns = Math.ceil(lengthTokens / pageSizeTokens);
    const allocated = o.allocatedColumns === undefined ? usedColumns : o.allocatedColumns[slot];
    const nextPosition = o.nextPositions === undefined ? lengthTokens : o.nextPositions[slot];
    const windowTokens = rowWindow(o, group, head);
    const deadEnd = windowTokens > 0
      ? Math.floor((nextPosition - windowTokens + 1) / pageSizeTokens)
      : 0;
    const place = table.layout === "uniform" ? { slot } : { group, slot, head };
    const where = table.layout === "uniform"
      ? `slot ${slot}`
      : `group ${group}, slot ${slot}, head ${head}`;

    if (lengthTokens < 0) {
      violations.push({
        clause: "shape/columns-cover",
        ...place,
        value: lengthTokens,
        message: `Cannot hold "${lengthTokens}" tokens of ${where}: give a length of at least 0`,
      });
    }
    if (usedColumns > table.columns) {
      violations.push({
        clause: "shape/columns-cover",
        ...place,
        value: lengthTokens,
        message: `Cannot hold ${lengthTokens} tokens of ${where} in "${table.columns}" columns: ` +
          `give ${usedColumns}`,
      });
    }
    for (let column = 0; column < table.columns; column++) {
      const value = table.ids[row * table.columns + column];
      // Most of a table; nothing is made for it.
      if (value === HOLE && column >= allocated) continue;
      const entry = { ...place, column, value };
      const at = `${where}, column ${column}`;
      if (value < HOLE || value >= limit) {
        const flat = table.layout !== "pooled" && value >= limit
          ? " (a flat id in a table of local ids?)"
          : "";
        violations.push({
          clause: "sentinel/only-minus-one",
          ...entry,
          message: `Cannot use id "${value}" at ${at}${flat}: give −1 or an id in [0, ${limit})`,
        });
        continue;
      }
      if (value === HOLE) {
        const dead = column >= sinkPages && column < deadEnd;
        if (column < allocated && !dead) {
          violations.push({
            clause: "sentinel/only-when-dead",
            ...entry,
            message: `Cannot leave a hole at ${at}: a query at position ${nextPosition} or later ` +
              `sees this page; keep the page until every mask hides it`,
          });
        }
        continue;
      }
      if (column >= allocated) {
        violations.push({
          clause: "sentinel/tail",
          ...entry,
          message: `Cannot keep id "${value}" at ${at}: the slot has ${allocated} columns; write ` +
            `−1 behind them when a slot is reused`,
        });
      }
      const key = (isPoolPerHead ? ofSlot : 0) * limit + value;
      const before = firstRows[key];
      firstRows[key] = row;
      if (before >= 0 && !(o.sharedPages === true && sharesColumn(o, { row, before, column }))) {
        violations.push({
          clause: "pool/conservation",
          ...entry,
          message: `Cannot name page "${value}" at ${at}: ${describeRow(table, before)} names it ` +
            `too; give each page one holder`,
        });
      }
    }
  }
  return violations;
}

/** Where a row stands; in the uniform layout group and head are 0. `ofSlot` counts a slot's rows. */
function placeOfRow(
  { layout, kvHeads, slots }: BlockTable,
  row: number,
): { group: number; slot: number; head: number; ofSlot: number } {
  const rowsPerGroup = layout === "uniform" ? 1 : kvHeads;
  const [slot, head] = [Math.floor(row / rowsPerGroup) % slots, row % rowsPerGroup];
  const group = Math.floor(row / (rowsPerGroup * slots));
  return { group, slot, head, ofSlot: group * rowsPerGroup + head };
}

/** A row in words: whose page it is that another row names too. */
function describeRow(table: BlockTable, row: number): string {
  const { group, slot, head } = placeOfRow(table, row);
  return table.layout === "uniform"
    ? `slot ${slot}`
    : `slot ${slot}, head ${head} of group ${group}`;
}

/** Whether an earlier row of another slot names the same page for the same head and positions. */
function sharesColumn(
  { table }: TableQuestion,
  { row, before, column }: { row: number; before: number; column: number },
): boolean {
  const idAt = (row: number): number => table.ids[row * table.columns + column];
  return row !== before && idAt(row) === idAt(before) &&
    placeOfRow(table, row).ofSlot === placeOfRow(table, before).ofSlot;
}

/** W that decides which pages of a row are dead; 0 where none is. */
function rowWindow(o: TableQuestion, group: number, head: number): number {
  const { heads, headWindows } = o;
  const windowOf = (layers: number, each: number): number =>
    headWindows !== undefined
      ? headWindows[layers][each]
      : heads.groups[layers].kinds[each] === "window"
      ? heads.windowTokens
      : 0;
  if (o.table.layout !== "uniform") return windowOf(group, head);
  // A uniform page holds every head, so it is dead only where all heads keep a window.
  const all = heads.groups.flatMap(({ kinds }, layers) =>
    kinds.map((_, each) => windowOf(layers, each))
  );
  return all.includes(0) ? 0 : Math.max(...all);
}

/**
 * Block tables: int32 rows of page ids, one row a (layer group, slot, head), addressed by the
 * absolute page of a token.
 *
 * Letters: Lg layer groups, B slots, H KV heads, M columns, N pages per head, P tokens per page,
 * D head size.
 *
 * @module
 */
import type { Head, LayerGroup, Slot } from "./ids.ts";
import { HOLE } from "./ids.ts";

/**
 * How ids address K and V: `uniform` one row per slot for all heads; `headwise` one row per head with
 * ids local to the head; `pooled` one row per head with ids of one flat pool.
 */
export type Layout = "uniform" | "headwise" | "pooled";

/** The dimensions of a table. */
export interface TableShape {
  /** Table layout. */
  readonly layout: Layout;
  /** Layer groups Lg; a uniform page covers all groups, so its table has no group dimension. */
  readonly layerGroups: number;
  /** Batch slots B. */
  readonly slots: number;
  /** KV heads H of the rank. */
  readonly kvHeads: number;
  /** Columns M: pages that a row can name. */
  readonly columns: number;
}

/** A table: int32 [Lg, B·H, M], or [B, M] for the uniform layout; holes are −1. */
export interface BlockTable extends TableShape {
  /** Page ids, row-major. */
  readonly ids: Int32Array;
}

/** What is wrong with a table's shape or type. */
export type TableErrorCode =
  | "table/layout"
  | "table/dimension"
  | "table/index"
  | "table/length"
  | "table/pages";

/** A table with a wrong shape, or a row that it does not have. */
export class TableError extends RangeError {
  /** Stable code for callers that branch. */
  readonly code: TableErrorCode;
  /** The value that was refused. */
  readonly value: unknown;

  /** Builds the error from its code, the refused value and a full message. */
  constructor(code: TableErrorCode, value: unknown, message: string) {
    super(message);
    this.name = "TableError";
    this.code = code;
    this.value = value;
  }
}

/**
 * Checks the dimensions of a table.
 *
 * @throws {TableError} When the layout is unknown or a dimension is no positive integer.
 */
export function checkTableShape(shape: TableShape): void {
  if (!["uniform", "headwise", "pooled"].includes(shape.layout)) {
    throw new TableError(
      "table/layout",
      shape.layout,
      `Cannot use the layout "${shape.layout}": give "uniform", "headwise" or "pooled"`,
    );
  }
  const { layerGroups, slots, kvHeads, columns } = shape;
  for (const [name, value] of Object.entries({ layerGroups, slots, kvHeads, columns })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TableError(
        "table/dimension",
        value,
        `Cannot use a table with ${name} "${value}": give a positive integer`,
      );
    }
  }
}

/**
 * Counts the rows of a table.
 *
 * @returns Lg·B·H, or B for the uniform layout.
 */
export function tableRows(shape: TableShape): number {
  return shape.layout === "uniform" ? shape.slots : shape.layerGroups * shape.slots * shape.kvHeads;
}

/**
 * Creates a table of holes.
 *
 * @throws {TableError} When a dimension is no positive integer.
 */
export function createBlockTable(shape: TableShape): BlockTable {
  checkTableShape(shape);
  const { layout, layerGroups, slots, kvHeads, columns } = shape;
  const ids = new Int32Array(tableRows(shape) * columns).fill(HOLE);
  return { layout, layerGroups, slots, kvHeads, columns, ids };
}

/**
 * The index of a row's first entry: ((g·B + b)·H + h)·M, or b·M for the uniform layout, where
 * group and head make no difference.
 *
 * @throws {TableError} When the table has no such row.
 */
export function rowOffset(
  table: TableShape,
  group: LayerGroup,
  slot: Slot,
  head: Head,
): number {
  const inside = group >= 0 && group < table.layerGroups && slot >= 0 && slot < table.slots &&
    head >= 0 && head < table.kvHeads;
  if (!inside) {
    throw new TableError(
      "table/index",
      { group, slot, head },
      `Cannot find the row of group "${group}", slot "${slot}", head "${head}": the table has ` +
        `${table.layerGroups} groups, ${table.slots} slots and ${table.kvHeads} heads`,
    );
  }
  if (table.layout === "uniform") return slot * table.columns;
  return ((group * table.slots + slot) * table.kvHeads + head) * table.columns;
}

/**
 * The size of the id space that a table's entries come from.
 *
 * @returns N for local ids (uniform, headwise), N·H·Lg for the flat pool.
 */
export function idSpacePages(shape: TableShape, pagesPerHead: number): number {
  return shape.layout === "pooled"
    ? pagesPerHead * shape.kvHeads * shape.layerGroups
    : pagesPerHead;
}

/**
 * A table of identity ids, as a step is recorded with: base = slot·pages for every head. In the
 * flat pool each (group, head) has its own stretch of B·pages ids, so that none is shared.
 *
 * @param pagesPerSlot Pages in each row, 1 to M; the columns behind them are holes.
 * @returns A valid table; it needs pools of at least B·pagesPerSlot pages per head.
 * @throws {TableError} When pagesPerSlot does not fit the row.
 */
export function identityTable(shape: TableShape, pagesPerSlot: number): BlockTable {
  const table = createBlockTable(shape);
  if (!Number.isInteger(pagesPerSlot) || pagesPerSlot < 1 || pagesPerSlot > shape.columns) {
    throw new TableError(
      "table/pages",
      pagesPerSlot,
      `Cannot fill rows with "${pagesPerSlot}" pages: give an integer in [1, ${shape.columns}]`,
    );
  }
  const rowsPerSlot = shape.layout === "uniform" ? 1 : shape.kvHeads;
  const rows = tableRows(shape);
  for (let row = 0; row < rows; row++) {
    const slot = Math.floor(row / rowsPerSlot) % shape.slots;
    const group = Math.floor(row / (rowsPerSlot * shape.slots));
    const pool = shape.layout === "pooled" ? group * shape.kvHeads + row % shape.kvHeads : 0;
    const base = (pool * shape.slots + slot) * pagesPerSlot;
    for (let i = 0; i < pagesPerSlot; i++) table.ids[row * shape.columns + i] = base + i;
  }
  return table;
}

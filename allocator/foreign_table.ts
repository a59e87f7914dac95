import {
  type BlockTable,
  checkTableShape,
  idSpacePages,
  TableError,
  tableRows,
  type TableShape,
} from "./block_table.ts";
import { HOLE, IdSpaceError } from "./ids.ts";

/** A table entry, or a whole table, that is not of the declared id space or type. */
export class ForeignTableError extends TypeError {
  /** Stable code for callers that branch. */
  readonly code = "table/foreign";
  /** The clause that the table breaks. */
  readonly clause: "dtype/int32" | "shape/rows";
  /** The type or length that was refused. */
  readonly value: string | number;

  /** Builds the error from the clause, the refused type or length and a full message. */
  constructor(clause: "dtype/int32" | "shape/rows", value: string | number, message: string) {
    super(message);
    this.name = "ForeignTableError";
    this.clause = clause;
    this.value = value;
  }
}

/** A table from elsewhere, with the layout that its maker declares. */
export interface ForeignTable {
  /** The entries; anything but an Int32Array is refused by name before it is read. */
  readonly ids: ArrayBufferView;
  /** The declared dimensions. */
  readonly shape: TableShape;
  /** Pages N a head. */
  readonly pagesPerHead: number;
}

/**
 * Takes a table from elsewhere. Its type, size and every id are checked against the declared
 * layout: a flat id in a table of local ids is refused, never reduced modulo N.
 *
 * @param o The entries, the declared dimensions and the pools' size.
 * @returns The table, over a copy of the entries.
 * @throws {ForeignTableError} When the type is not int32 or the size is not rows × columns.
 * @throws {IdSpaceError} When an entry is neither −1 nor an id of the layout's space.
 * @throws {TableError} When a dimension is no positive integer.
 */
export function fromForeignTable(o: ForeignTable): BlockTable {
  checkTableShape(o.shape);
  if (!Number.isInteger(o.pagesPerHead) || o.pagesPerHead < 1) {
    throw new TableError(
      "table/pages",
      o.pagesPerHead,
      `Cannot take a table for pools of "${o.pagesPerHead}" pages: give a positive integer`,
    );
  }
  if (!(o.ids instanceof Int32Array)) {
    const type = o.ids.constructor.name;
    throw new ForeignTableError(
      "dtype/int32",
      type,
      `Cannot read a table of type "${type}": give an Int32Array`,
    );
  }
  const entries = tableRows(o.shape) * o.shape.columns;
  if (o.ids.length !== entries) {
    throw new ForeignTableError(
      "shape/rows",
      o.ids.length,
      `Cannot read a table of "${o.ids.length}" entries: its shape has ${tableRows(o.shape)} ` +
        `rows of ${o.shape.columns} columns`,
    );
  }
  const limit = idSpacePages(o.shape, o.pagesPerHead);
  for (const id of o.ids) {
    if (id < HOLE || id >= limit) {
      throw new IdSpaceError(o.shape.layout === "pooled" ? "GlobalPage" : "LocalPage", id, limit);
    }
  }
  const { layout, layerGroups, slots, kvHeads, columns } = o.shape;
  return { layout, layerGroups, slots, kvHeads, columns, ids: o.ids.slice() };
}

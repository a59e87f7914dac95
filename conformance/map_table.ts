/** Tables entry by entry. */
import type { Layout } from "../allocator/mod.ts";
import type { AppendProblem, AttentionProblem } from "../kernel/mod.ts";

/** Where an entry of a table stands. */
export interface TablePlace {
  /** In the whole table. */
  readonly index: number;
  /** Layer group; 0 in a problem. */
  readonly group: number;
  readonly slot: number;
  /** KV head; 0 with the uniform layout. */
  readonly head: number;
  readonly column: number;
}

/** Sizes of a table of [Lg·B·H, M] entries; [B, M] for the uniform layout. */
interface TableSizes {
  readonly layout: Layout;
  readonly slots: number;
  readonly kvHeads: number;
  readonly columns: number;
}

/** Other ids, entry by entry; a table of another type than int32 stays as it is. */
export function mapEntries(
  table: Int32Array,
  { layout, slots, kvHeads, columns }: TableSizes,
  change: (id: number, at: TablePlace) => number,
): Int32Array {
  if (!(table instanceof Int32Array)) return table;
  const heads = layout === "uniform" ? 1 : kvHeads;
  return table.map((id, index) => {
    const row = Math.floor(index / columns);
    const slotRow = Math.floor(row / heads);
    return change(id, {
      index,
      group: Math.floor(slotRow / slots),
      slot: slotRow % slots,
      head: row % heads,
      column: index % columns,
    });
  });
}

/** A problem's table with other ids, entry by entry. */
export function mapTable(
  { table, shape }: Pick<AttentionProblem | AppendProblem, "table" | "shape">,
  change: (id: number, at: TablePlace) => number,
): Int32Array {
  return mapEntries(table, { ...shape, slots: shape.batch }, change);
}

/** Allocators that are right at the sizes of small tests, and wrong beyond them. */
import { mapEntries, type TablePlace } from "../map_table.ts";
import type { AllocatorSnapshot } from "../subject.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "../suites/cache_spec.ts";
import { layoutFamily, limits } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { hearing, showing, showingIds } from "./snapshot_changes.ts";

/** Shows a table entry by entry: from which slot and head it is read. */
function entries(
  snapshot: AllocatorSnapshot,
  from: (at: TablePlace) => Partial<TablePlace>,
): Int32Array {
  const { layout, kvHeads, columns, slots, table } = snapshot;
  const heads = layout === "uniform" ? 1 : kvHeads;
  return mapEntries(table, snapshot, (_, at) => {
    const { group, slot, head, column } = { ...at, ...from(at) };
    return table[((group * slots + slot) * heads + head) * columns + column] ?? -1;
  });
}

export const sizeMutants: readonly Mutant[] = [
  ...layoutFamily({
    name: "rows_repeat",
    origin: "field",
    violates: ["layout/row-major-heads"],
    variants: limits([5, 8, 16, 32, 64], "after_#_slots"),
    fault: (_, limit) => `slots from ${limit} on show the rows of ${limit} before`,
    test: "allocator:size:slots",
    layouts: LAYOUTS,
  }, (good, _, limit) =>
    showing(good.snapshot, (snapshot) => ({
      table: entries(snapshot, ({ slot }) => ({ slot: slot >= limit ? slot - limit : slot })),
    }))),
  ...layoutFamily({
    name: "heads_repeat",
    violates: ["layout/row-major-heads"],
    variants: limits([4, 6, 7], "after_#"),
    fault: (_, limit) => `heads from ${limit} on have the row of head 0`,
    test: (layout) => `allocator:size:slots:heads=8;layout=${layout};*`,
    layouts: HEAD_LAYOUTS,
  }, (good, _, limit) =>
    showing(good.snapshot, (snapshot) => ({
      table: entries(snapshot, ({ head }) => ({ head: head >= limit ? 0 : head })),
      // A row that repeats another is seen even where each head counts its pages apart.
      freePages: snapshot.freePages.map((free, pool) =>
        pool >= limit && snapshot.freePages.length > limit ? snapshot.freePages[0]! - 1 : free
      ),
    }))),
  ...layoutFamily({
    name: "ids_of_16_bits",
    origin: "field",
    violates: ["layout/id-spaces-distinct", "pool/conservation"],
    fault: "ids are kept in 16 bits",
    test: "allocator:size:wide_ids",
    layouts: LAYOUTS,
  }, (good) => showingIds(good.snapshot, (id) => id < 0 ? id : id & 0xffff)),
  ...layoutFamily({
    name: "swap_moves_four_heads",
    origin: "field",
    violates: ["slot/swap-rows"],
    fault: "a swap moves the rows of the first four heads",
    test: (layout) => `allocator:size:moves:heads=8;layout=${layout};*`,
    layouts: HEAD_LAYOUTS,
  }, (good) => {
    const moved: [number, number][] = [];
    return {
      ...hearing(good, "swap", ({ first, second }) => void moved.push([first, second])),
      ...showing(good.snapshot, (snapshot) => ({
        table: entries(snapshot, (at) => ({
          slot: at.head < 4 ? at.slot : moved.reduceRight(
            (slot, [first, second]) => slot === first ? second : slot === second ? first : slot,
            at.slot,
          ),
        })),
      })),
    };
  }),
  ...layoutFamily({
    name: "stale_tail",
    violates: ["sentinel/tail", "abort/exact"],
    variants: limits([5, 20], "from_slot_#"),
    fault: (_, limit) => `slots from ${limit} on keep the columns of their last owner`,
    test: "allocator:size:slots",
    layouts: LAYOUTS,
  }, (good, _, limit) => {
    let before: Int32Array | null = null;
    return {
      ...hearing(good, "release", async () => {
        before = (await good.snapshot()).table;
      }),
      ...showingIds(
        good.snapshot,
        (id, { slot, index }) => id < 0 && slot >= limit ? before?.[index] ?? id : id,
      ),
    };
  }),
  ...layoutFamily({
    name: "recycles_two_layer_groups",
    violates: ["layout/per-layer-groups", "recycle/window-only"],
    fault: "recycling leaves the rows of a third layer group as they are",
    test: "allocator:size:groups",
    layouts: HEAD_LAYOUTS,
  }, (good) => {
    let before: Int32Array | null = null;
    return {
      ...hearing(good, "recycle", async () => {
        before = (await good.snapshot()).table;
      }),
      ...hearing(good, "release", () => void (before = null)),
      ...showingIds(
        good.snapshot,
        (id, { group, index }) => group < 2 ? id : before?.[index] ?? id,
      ),
    };
  }),
];

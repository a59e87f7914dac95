/** Allocators whose slots have one fault each. */
import { type AllocatorFault, type Mutant, mutateAllocator } from "./mutant.ts";
import { hearing, showing, undoSwaps, withStale } from "./snapshot_changes.ts";

export const slotMutants: readonly Mutant[] = [
  mutateAllocator({
    name: "swap_leaves_rows",
    fault: "A swap moves lengths and leaves the head-wise rows",
    origin: "field",
    violates: ["slot/swap-rows"],
    killedBy: ["allocator:slots:swap"],
  }, swapLeaves("table")),
  mutateAllocator({
    name: "draft_not_swapped",
    fault: "A swap leaves the draft model's table as it was",
    origin: "field",
    violates: ["slot/swap-rows"],
    killedBy: ["allocator:slots:draft:move=swap;*"],
  }, swapLeaves("draftTable")),
  mutateAllocator({
    name: "stale_tail_after_reorder",
    fault: "A shorter row overwritten a longer one in a reorder keeps its end",
    origin: "field",
    violates: ["slot/reorder-stale"],
    killedBy: ["allocator:slots:reorder"],
  }, staleAfter("reorder")),
  mutateAllocator({
    name: "stale_tail_after_reuse",
    fault: "A shorter request in a used slot keeps the columns of the longer one",
    violates: ["sentinel/tail", "abort/exact"],
    killedBy: ["allocator:table:tail", "allocator:abort:exact"],
  }, staleAfter("release")),
  mutateAllocator({
    name: "condense_leaves_rows",
    fault: "Condensing copies rows to the front and leaves the old ones behind",
    violates: ["slot/condense"],
    killedBy: ["allocator:slots:condense"],
  }, staleAfter("condense")),
];

/** A swap moves everything but one of the tables. */
function swapLeaves(field: "table" | "draftTable"): AllocatorFault {
  return (good) => {
    const moved: [number, number][] = [];
    return {
      ...hearing(good, "swap", ({ first, second }) => void moved.unshift([first, second])),
      ...showing(good.snapshot, (snapshot) => {
        const table = snapshot[field];
        return table === null ? {} : { [field]: undoSwaps(snapshot, table, moved) };
      }),
    };
  };
}

/** Rows that the command shortens keep the columns that they had before it. */
function staleAfter(command: "reorder" | "release" | "condense"): AllocatorFault {
  return (good) => {
    let before: Int32Array | null = null;
    return {
      ...hearing(good, command, async () => {
        before = (await good.snapshot()).table;
      }),
      snapshot: async () => withStale(await good.snapshot(), before),
    };
  };
}

/** Allocators whose slots have one fault each. */
import type { AllocatorSubject } from "../subject.ts";
import { type Mutant, mutateAllocator } from "./mutant.ts";
import { undoSwaps, withStale } from "./snapshot_changes.ts";

export const slotMutants: readonly Mutant[] = [
  mutateAllocator({
    name: "swap_leaves_rows",
    fault: "A swap moves lengths and leaves the head-wise rows",
    origin: "field",
    violates: ["slot/swap-rows"],
    killedBy: ["allocator:slots:swap"],
  }, (good) => {
    const moved: [number, number][] = [];
    return {
      swap: (o) => {
        moved.unshift([o.first, o.second]);
        return good.swap(o);
      },
      snapshot: async () => {
        const snapshot = await good.snapshot();
        return { ...snapshot, table: undoSwaps(snapshot, snapshot.table, moved) };
      },
    };
  }),
  mutateAllocator({
    name: "draft_not_swapped",
    fault: "A swap leaves the draft model's table as it was",
    origin: "field",
    violates: ["slot/swap-rows"],
    killedBy: ["allocator:slots:draft:move=swap;*"],
  }, (good) => {
    const moved: [number, number][] = [];
    return {
      swap: (o) => {
        moved.unshift([o.first, o.second]);
        return good.swap(o);
      },
      snapshot: async () => {
        const snapshot = await good.snapshot();
        const { draftTable } = snapshot;
        return draftTable === null
          ? snapshot
          : { ...snapshot, draftTable: undoSwaps(snapshot, draftTable, moved) };
      },
    };
  }),
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
    origin: "own",
    violates: ["sentinel/tail", "abort/exact"],
    killedBy: ["allocator:table:tail", "allocator:abort:exact"],
  }, staleAfter("release")),
  mutateAllocator({
    name: "condense_leaves_rows",
    fault: "Condensing copies rows to the front and leaves the old ones behind",
    origin: "own",
    violates: ["slot/condense"],
    killedBy: ["allocator:slots:condense"],
  }, staleAfter("condense")),
];

/** Rows that the command shortens keep the columns that they had before it. */
function staleAfter(
  command: "reorder" | "release" | "condense",
): (good: AllocatorSubject) => Partial<AllocatorSubject> {
  return (good) => {
    let before: Int32Array | null = null;
    return {
      [command]: async (argument: never) => {
        before = (await good.snapshot()).table;
        return await good[command](argument);
      },
      snapshot: async () => withStale(await good.snapshot(), before),
    };
  };
}

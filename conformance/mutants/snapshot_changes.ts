/** Ways to show a good allocator's state wrongly. */
import { mapEntries, type TablePlace } from "../map_table.ts";
import type { AllocatorSnapshot, AllocatorSubject } from "../subject.ts";

/** Shows part of every snapshot differently. */
export function showing(
  snapshot: () => Promise<AllocatorSnapshot>,
  change: (snapshot: AllocatorSnapshot) => Partial<AllocatorSnapshot>,
): { snapshot: () => Promise<AllocatorSnapshot> } {
  return {
    snapshot: async () => {
      const good = await snapshot();
      return { ...good, ...change(good) };
    },
  };
}

/** Shows other ids in every table, entry by entry. */
export function showingIds(
  snapshot: () => Promise<AllocatorSnapshot>,
  change: (id: number, at: TablePlace, snapshot: AllocatorSnapshot) => number,
): { snapshot: () => Promise<AllocatorSnapshot> } {
  return showing(snapshot, (good) => ({
    table: mapEntries(good.table, good, (id, at) => change(id, at, good)),
  }));
}

/** Hears of a command before it is carried out. */
export function hearing<Name extends Exclude<keyof AllocatorSubject, "snapshot" | "validate">>(
  good: AllocatorSubject,
  name: Name,
  hear: (o: Parameters<NonNullable<AllocatorSubject[Name]>>[0]) => void | Promise<void>,
): Partial<AllocatorSubject> {
  return {
    [name]: async (o: never) => {
      await hear(o);
      return await good[name]!(o);
    },
  };
}

/** Entries of one slot in one layer group. */
function slotStride(snapshot: AllocatorSnapshot): number {
  return snapshot.columns * (snapshot.layout === "uniform" ? 1 : snapshot.kvHeads);
}

/** The table with the newest swaps taken back, group by group. */
export function undoSwaps(
  snapshot: AllocatorSnapshot,
  table: Int32Array,
  moved: readonly (readonly [number, number])[],
): Int32Array {
  const shown = table.slice();
  const stride = slotStride(snapshot);
  for (let start = 0; start < table.length; start += stride * snapshot.slots) {
    for (const [first, second] of moved) {
      const left = shown.slice(start + first * stride, start + (first + 1) * stride);
      shown.copyWithin(
        start + first * stride,
        start + second * stride,
        start + (second + 1) * stride,
      );
      shown.set(left, start + second * stride);
    }
  }
  return shown;
}

/** Fills holes with what stood there before. */
export function withStale(
  snapshot: AllocatorSnapshot,
  before: Int32Array | null,
): AllocatorSnapshot {
  const table = snapshot.table.map((id, index) => id < 0 ? before?.[index] ?? id : id);
  return { ...snapshot, table };
}

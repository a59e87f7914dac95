/** Compares what an allocator shows with what the model says it must show. */
import { requireEqual, requireThat } from "../acceptance.ts";
import { Mismatch } from "../outcome.ts";
import { unlessDeclared } from "../policies.ts";
import type { AllocatorSnapshot } from "../subject.ts";
import {
  availabilityOf,
  type CacheModel,
  freePagesOf,
  pagesOf,
  poolCapacity,
  poolCount,
  poolOfRow,
  slotOf,
  tableRowsPerSlot,
  waitingPagesOf,
} from "./cache_model.ts";

/**
 * Requires a snapshot to be the model's state: which columns hold a page, that no page stands
 * twice, that free, held and waiting pages add up in every pool, and the availability.
 */
export function checkSnapshot(model: CacheModel, snapshot: AllocatorSnapshot): void {
  checkShape(model, snapshot);
  const held = checkRows(model, snapshot);
  checkCopies(model, snapshot);
  checkPools(model, snapshot, held);
}

/** Index in the table of a column of a slot; `row` counts the slot's rows group-major. */
export function entryIndex(
  snapshot: AllocatorSnapshot,
  o: { slot: number; row: number; column: number },
): number {
  const { kvHeads, slots, columns, layout } = snapshot;
  if (layout === "uniform") {
    return o.slot * columns + o.column;
  }
  const group = Math.floor(o.row / kvHeads);
  return ((group * slots + o.slot) * kvHeads + o.row % kvHeads) * columns + o.column;
}

/** What a column of a slot's row names; -1 where it is a hole, or there is none. */
export function idAt(
  snapshot: AllocatorSnapshot,
  o: { slot: number; row: number; column: number },
): number {
  return snapshot.table[entryIndex(snapshot, o)] ?? -1;
}

/** Rows of a slot. */
export function rowsOf({ layout, kvHeads, layerGroups }: AllocatorSnapshot): number {
  return layout === "uniform" ? 1 : kvHeads * layerGroups;
}

/** Ids of all rows of a slot, in the table or in a copy of it. */
export function slotIds(
  snapshot: AllocatorSnapshot,
  slot: number,
  table = snapshot.table,
): number[] {
  return Array.from({ length: rowsOf(snapshot) }, (_, row) => {
    const start = entryIndex(snapshot, { slot, row, column: 0 });
    return [...table.subarray(start, start + snapshot.columns)];
  }).flat();
}

function checkShape(model: CacheModel, snapshot: AllocatorSnapshot): void {
  const { spec, kinds } = model;
  requireEqual("layout", snapshot.layout, spec.layout);
  requireEqual("slots", snapshot.slots, spec.slots);
  requireEqual("KV heads", snapshot.kvHeads, kinds[0]?.length);
  requireEqual("layer groups", snapshot.layerGroups, kinds.length);
  requireThat(snapshot.columns > 0, `Expected columns, found ${snapshot.columns}`);
  requireThat(
    snapshot.table instanceof Int32Array,
    `Expected an int32 table, found ${Object.prototype.toString.call(snapshot.table)}`,
  );
  const rows = spec.slots * tableRowsPerSlot(model);
  requireEqual("entries of the table", snapshot.table.length, rows * snapshot.columns);
  requireEqual("pools", snapshot.freePages.length, poolCount(model));
}

function checkRows(model: CacheModel, snapshot: AllocatorSnapshot): Map<number, number>[] {
  const held = Array.from({ length: poolCount(model) }, () => new Map<number, number>());
  for (let slot = 0; slot < model.spec.slots; slot++) {
    const length = snapshot.lengthsTokens[slot];
    requireEqual(`length of slot ${slot}`, length, slotOf(model, slot).lengthTokens);
    adoptPreallocation(model, snapshot, slot);
    for (let row = 0; row < tableRowsPerSlot(model); row++) {
      checkRow(model, snapshot, { slot, row, held: held[poolOfRow(model, row)] ?? new Map() });
    }
  }
  return held;
}

/** Preallocated pages are the allocator's choice up to the bound it was given, alike in all rows. */
function adoptPreallocation(model: CacheModel, snapshot: AllocatorSnapshot, slot: number): void {
  const state = slotOf(model, slot);
  if (state.lengthTokens === 0) return;
  const most = pagesOf(model, state.lengthTokens) + model.spec.preallocatedPages;
  while (
    state.pages < Math.min(most, snapshot.columns) &&
    (snapshot.table[entryIndex(snapshot, { slot, row: 0, column: state.pages })] ?? -1) >= 0
  ) {
    state.pages++;
  }
}

function checkRow(
  model: CacheModel,
  snapshot: AllocatorSnapshot,
  o: { slot: number; row: number; held: Map<number, number> },
): void {
  const { slot, row, held } = o;
  const state = slotOf(model, slot);
  const { nullId, deadColumns } = model.policies;
  // A null page is one more than requests can hold, and the first of its pool.
  const first = nullId + 1;
  const end = first + poolCapacity(model);
  const start = entryIndex(snapshot, { slot, row, column: 0 });
  for (let column = 0; column < snapshot.columns; column++) {
    const id = snapshot.table[start + column] ?? Number.NaN;
    // A snapshot follows every command, so that words are made of what is wrong alone.
    const place = (): string => `slot ${slot}, row ${row}, column ${column}`;
    const isValid = id >= first && id < end;
    if (column >= state.pages || state.recycled[row]?.has(column)) {
      if (id === -1 || (deadColumns === "stale" && isValid)) continue;
      const isPast = column >= state.pages;
      const why = isPast ? "past the allocated pages" : "recycled";
      const declared = nullId === -1 && id === 0 && isPast
        ? unlessDeclared("nullId", 0)
        : deadColumns === "cleared" && isValid
        ? unlessDeclared("deadColumns", "stale")
        : "";
      throw new Mismatch(`Expected -1 at ${place()} (${why}), found ${id}${declared}`);
    }
    if (!isValid) {
      throw new Mismatch(`Expected an id in [${first}, ${end}) at ${place()}, found ${id}`);
    }
    if (held.has(id)) {
      throw new Mismatch(`Expected one holder of page ${id}, found two: ${place()}`);
    }
    held.set(id, slot);
  }
}

/** Copies of the rows name what the rows name, wherever somebody may read. */
function checkCopies(model: CacheModel, snapshot: AllocatorSnapshot): void {
  const { table, draftTable, columns } = snapshot;
  if (!model.spec.draftTables) return;
  requireThat(draftTable !== null, "Expected a draft model's table, found none");
  requireEqual("entries of the draft model's table", draftTable.length, table.length);
  for (let slot = 0; slot < model.spec.slots; slot++) {
    for (let row = 0; row < tableRowsPerSlot(model); row++) {
      const start = entryIndex(snapshot, { slot, row, column: 0 });
      for (let column = 0; column < columns; column++) {
        const [found, expected] = [draftTable[start + column], table[start + column]];
        if (found === expected || isUnread(model, { slot, row, column })) continue;
        const place = `slot ${slot}, row ${row}, column ${column}`;
        throw new Mismatch(
          `Expected ${expected} in the draft model's row at ${place}, found ${found}`,
        );
      }
    }
  }
}

/** Whether a column may hold a stale id, by declaration. */
function isUnread(model: CacheModel, o: { slot: number; row: number; column: number }): boolean {
  const state = slotOf(model, o.slot);
  return model.policies.deadColumns === "stale" &&
    (o.column >= state.pages || state.recycled[o.row]?.has(o.column) === true);
}

function checkPools(
  model: CacheModel,
  snapshot: AllocatorSnapshot,
  held: readonly Map<number, number>[],
): void {
  for (let pool = 0; pool < poolCount(model); pool++) {
    const waiting = snapshot.waitingPages[pool] ?? 0;
    const total = (snapshot.freePages[pool] ?? 0) + waiting + (held[pool]?.size ?? 0);
    requireEqual(`free, waiting and held pages of pool ${pool}`, total, poolCapacity(model));
    requireEqual(`waiting pages of pool ${pool}`, waiting, waitingPagesOf(model, pool));
    requireEqual(`free pages of pool ${pool}`, snapshot.freePages[pool], freePagesOf(model, pool));
  }
  const expected = availabilityOf(model);
  requireThat(
    expected === null || Math.abs(snapshot.availability - expected) < 1e-12,
    `Expected an availability of ${expected}, found ${snapshot.availability}` +
      (model.policies.availability === "heads"
        ? unlessDeclared("availability", "uniform-pages or none")
        : ""),
  );
}

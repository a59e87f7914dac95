/** Compares what an allocator shows with what the model says it must show. */
import { requireEqual, requireThat } from "../acceptance.ts";
import type { AllocatorSnapshot } from "../subject.ts";
import {
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

function checkShape(model: CacheModel, snapshot: AllocatorSnapshot): void {
  const { spec, kinds } = model;
  requireEqual("layout", snapshot.layout, spec.layout);
  requireEqual("slots", snapshot.slots, spec.slots);
  requireEqual("KV heads", snapshot.kvHeads, spec.kvHeads);
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
  if (state.lengthTokens === 0 || model.spec.preallocatedPages === 0) {
    return;
  }
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
  for (let column = 0; column < snapshot.columns; column++) {
    const id = snapshot.table[entryIndex(snapshot, { slot, row, column })] ?? Number.NaN;
    const place = `slot ${slot}, row ${row}, column ${column}`;
    if (column >= state.pages || state.recycled[row]?.has(column)) {
      const why = column >= state.pages ? "past the allocated pages" : "recycled";
      requireThat(id === -1, `Expected -1 at ${place} (${why}), found ${id}`);
      continue;
    }
    requireThat(
      id >= 0 && id < poolCapacity(model),
      `Expected an id in [0, ${poolCapacity(model)}) at ${place}, found ${id}`,
    );
    const other = held.get(id);
    requireThat(other === undefined, `Expected one holder of page ${id}, found two: ${place}`);
    held.set(id, slot);
  }
}

function checkPools(
  model: CacheModel,
  snapshot: AllocatorSnapshot,
  held: readonly Map<number, number>[],
): void {
  let free = 0;
  for (let pool = 0; pool < poolCount(model); pool++) {
    const waiting = snapshot.waitingPages[pool] ?? 0;
    const total = (snapshot.freePages[pool] ?? 0) + waiting + (held[pool]?.size ?? 0);
    requireEqual(`free, waiting and held pages of pool ${pool}`, total, poolCapacity(model));
    requireEqual(`waiting pages of pool ${pool}`, waiting, waitingPagesOf(model, pool));
    requireEqual(`free pages of pool ${pool}`, snapshot.freePages[pool], freePagesOf(model, pool));
    free += snapshot.freePages[pool] ?? 0;
  }
  const pages = poolCount(model) * poolCapacity(model);
  requireThat(
    Math.abs(snapshot.availability - free / pages) < 1e-12,
    `Expected an availability of ${free / pages}, found ${snapshot.availability}`,
  );
}

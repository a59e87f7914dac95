/** Tests of slots: swaps, condensing, reordering, and the draft model's table. */
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { Mismatch, PASS } from "../outcome.ts";
import type { AllocatorSnapshot } from "../subject.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { tableRowsPerSlot } from "./cache_model.ts";
import { HEAD_LAYOUTS, layoutCapability, LAYOUTS } from "./cache_spec.ts";
import { entryIndex } from "./check_snapshot.ts";
import { takeSnapshot } from "./take_snapshot.ts";
import {
  admit,
  checkState,
  condense,
  createDriver,
  type Driver,
  grow,
  recycle,
  release,
  reorder,
  swap,
} from "./driver.ts";

/** Ids of all rows of a slot. */
function slotRows(driver: Driver, snapshot: AllocatorSnapshot, slot: number): number[] {
  return rowsOf(driver, snapshot, { slot, table: snapshot.table });
}

function draftOf(driver: Driver, snapshot: AllocatorSnapshot, slot: number): number[] {
  if (snapshot.draftTable === null) {
    throw new Mismatch("Expected a draft model's table, found none");
  }
  return rowsOf(driver, snapshot, { slot, table: snapshot.draftTable });
}

function rowsOf(
  driver: Driver,
  snapshot: AllocatorSnapshot,
  o: { slot: number; table: Int32Array },
): number[] {
  return Array.from({ length: tableRowsPerSlot(driver.model) }, (_, row) => {
    const start = entryIndex(snapshot, { slot: o.slot, row, column: 0 });
    return [...o.table.subarray(start, start + snapshot.columns)];
  }).flat();
}

function findSlot(driver: Driver, snapshot: AllocatorSnapshot, rows: readonly number[]): number {
  const slots = Array.from({ length: snapshot.slots }, (_, slot) => slot);
  const found = slots.find((slot) => slotRows(driver, snapshot, slot).join() === rows.join());
  requireEqual("rows that stood somewhere before", found !== undefined, true);
  return found ?? 0;
}

/** Tests of slots. */
export const slotTests: readonly TestDefinition[] = [
  defineTest({
    id: "allocator:slots:swap",
    clauses: ["slot/swap-rows"],
    description:
      "A swap exchanges every row of two slots, and both live on under their new numbers",
    needs: ({ layout, with: other }) => [
      layoutCapability(layout),
      "allocator.moves",
      ...(other === "recycled" ? ["allocator.recycle"] as const : []),
    ],
    cases: grid({ layout: LAYOUTS, with: ["longer", "empty", "itself", "recycled"] }),
    run: async ({ allocator, params }) => {
      const driver = await createDriver(allocator, { layout: params.layout });
      await grow(driver, 0, 40);
      await grow(driver, 2, 160);
      if (params.with === "recycled") {
        await recycle(driver, 2, 160);
      }
      const other = { longer: 2, empty: 1, itself: 0, recycled: 2 }[params.with] ?? 2;
      const before = await checkState(driver);
      await swap(driver, 0, other);
      const after = await checkState(driver);
      requireSameElements(
        "rows of slot 0",
        slotRows(driver, after, 0),
        slotRows(driver, before, other),
      );
      requireSameElements(
        "rows moved away",
        slotRows(driver, after, other),
        slotRows(driver, before, 0),
      );
      await grow(driver, other, 170);
      await release(driver, other);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:slots:draft",
    clauses: ["slot/swap-rows", "slot/condense"],
    description: "The draft model's rows move with the target's",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.draft", "allocator.moves"],
    cases: grid({ layout: LAYOUTS, move: ["swap", "condense", "reorder"] }),
    run: async ({ allocator, params: { layout, move } }) => {
      const driver = await createDriver(allocator, { layout, draftTables: true });
      await grow(driver, 1, 40);
      await grow(driver, 3, 160);
      const before = await checkState(driver);
      if (move === "swap") {
        await swap(driver, 1, 3);
      } else if (move === "condense") {
        await condense(driver, [false, true, false, true]);
      } else {
        await reorder(driver, [3, 2, 1, 0]);
      }
      const after = await checkState(driver);
      for (let slot = 0; slot < 4; slot++) {
        const from = findSlot(driver, before, slotRows(driver, after, slot));
        requireSameElements(
          `draft rows of slot ${slot}`,
          draftOf(driver, after, slot),
          draftOf(driver, before, from),
        );
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:slots:condense",
    clauses: ["slot/condense"],
    description: "Condensing keeps every active slot's rows and leaves holes behind",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.moves"],
    cases: grid({ layout: LAYOUTS, active: ["0101", "0011", "1001", "1111", "0000", "0010"] }),
    run: async ({ allocator, params: { layout, active } }) => {
      const driver = await createDriver(allocator, { layout });
      const flags = [...active].map((flag) => flag === "1");
      for (const [slot, flag] of flags.entries()) {
        if (flag) {
          await grow(driver, slot, 32 * (slot + 1));
        }
      }
      await condense(driver, flags);
      const { table } = await checkState(driver);
      const count = flags.filter(Boolean).length;
      for (let slot = count; slot < 4; slot++) {
        const rows = slotRows(driver, { ...await takeSnapshot(allocator), table }, slot);
        requireThat(
          allocator.policies.deadColumns === "stale" || rows.every((id) => id === -1),
          `Expected holes in slot ${slot}`,
        );
      }
      if (count < 4) {
        await admit(driver, count, 16);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:slots:reorder",
    clauses: ["slot/reorder-stale", "slot/swap-rows"],
    description: "A reorder moves rows, lengths and recycled columns, and leaves no stale column",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle", "allocator.moves"],
    cases: grid({ layout: LAYOUTS, order: ["0123", "3210", "1230", "2031"] }),
    run: async ({ allocator, params: { layout, order } }) => {
      const driver = await createDriver(allocator, { layout });
      await grow(driver, 0, 320);
      await grow(driver, 1, 16);
      await grow(driver, 3, 96);
      await recycle(driver, 0, 320);
      const permutation = [...order].map(Number);
      await reorder(driver, permutation);
      await reorder(driver, permutation);
      for (let slot = 0; slot < 4; slot++) {
        await release(driver, slot);
        await grow(driver, slot, 33);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:slots:recycle_after_move",
    clauses: ["slot/swap-rows", "recycle/window-only"],
    description: "What a slot has recycled moves with it, and is not freed again",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle", "allocator.moves"],
    cases: grid({ layout: HEAD_LAYOUTS, move: ["swap", "reorder", "condense"] }),
    run: async ({ allocator, params: { layout, move } }) => {
      const driver = await createDriver(allocator, { layout });
      await grow(driver, 1, 160);
      await grow(driver, 2, 256);
      await recycle(driver, 1, 160);
      if (move === "swap") {
        await swap(driver, 1, 2);
      } else if (move === "reorder") {
        await reorder(driver, [3, 2, 1, 0]);
      } else {
        await condense(driver, [false, true, true, false]);
      }
      for (const [slot, state] of driver.model.slots.entries()) {
        if (state.lengthTokens > 0) {
          await recycle(driver, slot, state.lengthTokens);
        }
      }
      return PASS;
    },
  }),
];

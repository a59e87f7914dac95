/** Tests of slots: swaps, condensing, reordering, and the draft model's table. */
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { Mismatch } from "../outcome.ts";
import type { AllocatorSnapshot } from "../subject.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "./cache_spec.ts";
import { slotIds } from "./check_snapshot.ts";

function draftOf(snapshot: AllocatorSnapshot, slot: number): number[] {
  if (snapshot.draftTable === null) {
    throw new Mismatch("Expected a draft model's table, found none");
  }
  return slotIds(snapshot, slot, snapshot.draftTable);
}

function findSlot(snapshot: AllocatorSnapshot, rows: readonly number[]): number {
  const slots = Array.from({ length: snapshot.slots }, (_, slot) => slot);
  const found = slots.find((slot) => slotIds(snapshot, slot).join() === rows.join());
  requireEqual("rows that stood somewhere before", found !== undefined, true);
  return found ?? 0;
}

export const slotTests: readonly TestDefinition[] = [
  defineAllocatorTest({
    id: "allocator:slots:swap",
    clauses: ["slot/swap-rows"],
    description:
      "A swap exchanges every row of two slots, and both live on under their new numbers",
    needs: ({ with: other }) => ["allocator.moves", other === "recycled" && "allocator.recycle"],
    cases: grid({ layout: LAYOUTS, with: ["longer", "empty", "itself", "recycled"] }),
    run: async (driver, params) => {
      await driver.grow(0, 40);
      await driver.grow(2, 160);
      if (params.with === "recycled") await driver.recycle(2, 160);
      const other = { longer: 2, empty: 1, itself: 0, recycled: 2 }[params.with];
      const before = await driver.checkState();
      await driver.swap(0, other);
      const after = await driver.checkState();
      requireSameElements(
        "rows of slot 0",
        slotIds(after, 0),
        slotIds(before, other),
      );
      requireSameElements(
        "rows moved away",
        slotIds(after, other),
        slotIds(before, 0),
      );
      await driver.grow(other, 170);
      await driver.release(other);
    },
  }),
  defineAllocatorTest({
    id: "allocator:slots:draft",
    clauses: ["slot/swap-rows", "slot/condense"],
    description: "The draft model's rows move with the target's",
    needs: ["allocator.draft", "allocator.moves"],
    cases: grid({ layout: LAYOUTS, move: ["swap", "condense", "reorder"] }),
    spec: () => ({ draftTables: true }),
    run: async (driver, { move }) => {
      await driver.grow(1, 40);
      await driver.grow(3, 160);
      const before = await driver.checkState();
      if (move === "swap") await driver.swap(1, 3);
      if (move === "condense") await driver.condense([false, true, false, true]);
      if (move === "reorder") await driver.reorder([3, 2, 1, 0]);
      const after = await driver.checkState();
      for (let slot = 0; slot < 4; slot++) {
        const from = findSlot(before, slotIds(after, slot));
        requireSameElements(
          `draft rows of slot ${slot}`,
          draftOf(after, slot),
          draftOf(before, from),
        );
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:slots:condense",
    clauses: ["slot/condense"],
    description: "Condensing keeps every active slot's rows and leaves holes behind",
    needs: ["allocator.moves"],
    cases: grid({ layout: LAYOUTS, active: ["0101", "0011", "1001", "1111", "0000", "0010"] }),
    run: async (driver, { active }) => {
      const flags = [...active].map((flag) => flag === "1");
      for (const [slot, flag] of flags.entries()) {
        if (flag) await driver.grow(slot, 32 * (slot + 1));
      }
      await driver.condense(flags);
      const snapshot = await driver.checkState();
      const count = flags.filter(Boolean).length;
      for (let slot = count; slot < 4; slot++) {
        requireThat(
          driver.allocator.policies.deadColumns === "stale" ||
            slotIds(snapshot, slot).every((id) => id === -1),
          `Expected holes in slot ${slot}`,
        );
      }
      if (count < 4) await driver.admit(count, 16);
    },
  }),
  defineAllocatorTest({
    id: "allocator:slots:reorder",
    clauses: ["slot/reorder-stale", "slot/swap-rows"],
    description: "A reorder moves rows, lengths and recycled columns, and leaves no stale column",
    needs: ["allocator.recycle", "allocator.moves"],
    cases: grid({ layout: LAYOUTS, order: ["0123", "3210", "1230", "2031"] }),
    run: async (driver, { order }) => {
      await driver.grow(0, 320);
      await driver.grow(1, 16);
      await driver.grow(3, 96);
      await driver.recycle(0, 320);
      const permutation = [...order].map(Number);
      await driver.reorder(permutation);
      await driver.reorder(permutation);
      for (let slot = 0; slot < 4; slot++) {
        await driver.release(slot);
        await driver.grow(slot, 33);
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:slots:recycle_after_move",
    clauses: ["slot/swap-rows", "recycle/window-only"],
    description: "What a slot has recycled moves with it, and is not freed again",
    needs: ["allocator.recycle", "allocator.moves"],
    cases: grid({ layout: HEAD_LAYOUTS, move: ["swap", "reorder", "condense"] }),
    run: async (driver, { move }) => {
      await driver.grow(1, 160);
      await driver.grow(2, 256);
      await driver.recycle(1, 160);
      if (move === "swap") await driver.swap(1, 2);
      if (move === "reorder") await driver.reorder([3, 2, 1, 0]);
      if (move === "condense") await driver.condense([false, true, true, false]);
      for (const [slot, state] of driver.model.slots.entries()) {
        if (state.lengthTokens > 0) await driver.recycle(slot, state.lengthTokens);
      }
    },
  }),
];

/** Tests of allocators at sizes that engines have: dozens of slots, many heads, ids past 16 bits. */
import { requireThat } from "../acceptance.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import { HEAD_LAYOUTS, LAYOUTS, THREE_GROUPS, windowHeads } from "./cache_spec.ts";

export const sizeTests: readonly TestDefinition[] = [
  defineAllocatorTest({
    id: "allocator:size:slots",
    clauses: ["layout/row-major-heads", "pool/conservation", "sentinel/tail", "abort/exact"],
    description: "Dozens of slots grow, end and are reused, each in its own rows",
    cases: grid({ layout: LAYOUTS, slots: [24, 65], heads: [2, 8] }),
    spec: ({ slots, heads }) => ({
      slots,
      kvHeads: heads,
      queryHeads: heads,
      recycle: false,
      pagesPerHead: slots * 4,
    }),
    run: async (driver, { slots }) => {
      for (let slot = 0; slot < slots; slot++) await driver.grow(slot, 1 + (slot * 7) % 60);
      for (let slot = slots - 1; slot >= 0; slot -= 3) await driver.release(slot);
      for (let slot = slots - 1; slot >= 0; slot -= 3) await driver.grow(slot, 17);
      for (let slot = 0; slot < slots; slot += 2) await driver.grow(slot, 64);
    },
  }),
  defineAllocatorTest({
    id: "allocator:size:moves",
    clauses: ["slot/swap-rows", "slot/condense", "slot/reorder-stale"],
    description: "Moves among dozens of slots take every row of every head along",
    needs: ["allocator.moves"],
    cases: grid({ layout: LAYOUTS, slots: [7, 40], heads: [4, 8] }),
    spec: ({ slots, heads }, { allocator }) => ({
      slots,
      kvHeads: heads,
      queryHeads: heads,
      recycle: false,
      pagesPerHead: slots * 5,
      draftTables: allocator.claims.has("allocator.draft"),
    }),
    run: async (driver, { slots }) => {
      for (let slot = 1; slot < slots; slot += 2) await driver.grow(slot, 16 + slot);
      await driver.swap(slots - 2, slots - 1);
      await driver.swap(5, 1);
      await driver.swap(0, slots - 1);
      await driver.reorder(driver.model.slots.map((_, slot) => (slot + 5) % slots));
      await driver.condense(driver.model.slots.map(({ lengthTokens }) => lengthTokens > 0));
      await driver.reorder(driver.model.slots.map((_, slot) => slots - 1 - slot));
      for (let slot = 0; slot < slots; slot++) {
        if (driver.model.slots[slot]!.lengthTokens > 0) await driver.release(slot);
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:size:recycled",
    clauses: ["recycle/window-only", "sentinel/only-when-dead"],
    description: "Long requests in any of many slots recycle their own heads' dead pages",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, slots: [20], heads: [8] }),
    spec: ({ slots, heads }) => ({
      slots,
      kvHeads: heads,
      queryHeads: heads,
      pagesPerHead: 640,
      modelLengthTokens: 2048,
      heads: windowHeads(0.5, "last"),
    }),
    run: async (driver, { slots }) => {
      for (const slot of [0, 6, 13, slots - 1]) {
        await driver.grow(slot, 2048);
        await driver.recycle(slot, 1024);
        await driver.recycle(slot, 2048);
      }
      for (let slot = 1; slot < 5; slot++) {
        await driver.admit(slot, 300);
        await driver.extend(slot, 320);
        await driver.recycle(slot, 320);
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:size:groups",
    clauses: ["layout/per-layer-groups", "recycle/window-only", "abort/exact"],
    description: "Each of three layer groups grows, recycles and ends in rows of its own",
    needs: ["allocator.heads", "allocator.layer_groups", "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, shuffled: [false, true] }),
    spec: ({ shuffled }) => ({ ...THREE_GROUPS, shuffleSeed: shuffled ? 5 : null }),
    run: async (driver) => {
      await driver.growAndRecycle(1, 320);
      await driver.growAndRecycle(3, 160);
      await driver.release(1);
      await driver.grow(0, 340);
      await driver.recycle(3, 160);
      await driver.release(3);
    },
  }),
  defineAllocatorTest({
    id: "allocator:size:wide_ids",
    clauses: ["layout/id-spaces-distinct", "pool/conservation"],
    description: "Pages past the 65,536th have ids of their own",
    cases: grid({ layout: LAYOUTS }),
    spec: ({ layout }) => {
      const pages = layout === "pooled" ? 35_000 : 66_000;
      return {
        slots: 2,
        kvHeads: 2,
        queryHeads: 2,
        recycle: false,
        pagesPerHead: pages,
        modelLengthTokens: pages * 16,
      };
    },
    run: async (driver) => {
      await driver.grow(1, driver.model.spec.modelLengthTokens - 16);
      await driver.grow(0, 16);
      const { table } = await driver.checkState();
      requireThat(table.some((id) => id > 65_536), "Expected an id past 16 bits, found none");
      await driver.release(1);
    },
  }),
];

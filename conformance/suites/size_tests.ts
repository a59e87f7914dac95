/** Tests of allocators at sizes that engines have: dozens of slots, many heads, ids past 16 bits. */
import { requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { HEAD_LAYOUTS, layoutCapability, LAYOUTS, THREE_GROUPS } from "./cache_spec.ts";
import {
  admit,
  checkState,
  condense,
  createDriver,
  extend,
  grow,
  recycle,
  release,
  reorder,
  swap,
} from "./driver.ts";

async function extendAll(driver: Awaited<ReturnType<typeof createDriver>>): Promise<void> {
  for (let slot = 1; slot < 5; slot++) {
    await admit(driver, slot, 300);
    await extend(driver, slot, 320);
    await recycle(driver, slot, 320);
  }
}

/** Tests of sizes. */
export const sizeTests: readonly TestDefinition[] = [
  defineTest({
    id: "allocator:size:slots",
    clauses: [
      "layout/row-major-heads",
      "pool/conservation",
      "sentinel/tail",
      "abort/exact",
    ],
    description: "Dozens of slots grow, end and are reused, each in its own rows",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, slots: [24, 65], heads: [2, 8] }),
    run: async ({ allocator, params: { layout, slots, heads } }) => {
      const driver = await createDriver(allocator, {
        layout,
        slots,
        kvHeads: heads,
        queryHeads: heads,
        recycle: false,
        pagesPerHead: slots * 4,
      });
      for (let slot = 0; slot < slots; slot++) await grow(driver, slot, 1 + (slot * 7) % 60);
      for (let slot = slots - 1; slot >= 0; slot -= 3) await release(driver, slot);
      for (let slot = slots - 1; slot >= 0; slot -= 3) await grow(driver, slot, 17);
      for (let slot = 0; slot < slots; slot += 2) await grow(driver, slot, 64);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:size:moves",
    clauses: ["slot/swap-rows", "slot/condense", "slot/reorder-stale"],
    description: "Moves among dozens of slots take every row of every head along",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.moves"],
    cases: grid({ layout: LAYOUTS, slots: [7, 40], heads: [4, 8] }),
    run: async ({ allocator, params: { layout, slots, heads } }) => {
      const driver = await createDriver(allocator, {
        layout,
        slots,
        kvHeads: heads,
        queryHeads: heads,
        recycle: false,
        pagesPerHead: slots * 5,
        draftTables: allocator.claims.has("allocator.draft"),
      });
      for (let slot = 1; slot < slots; slot += 2) await grow(driver, slot, 16 + slot);
      await swap(driver, slots - 2, slots - 1);
      await swap(driver, 5, 1);
      await swap(driver, 0, slots - 1);
      await reorder(driver, driver.model.slots.map((_, slot) => (slot + 5) % slots));
      await condense(driver, driver.model.slots.map(({ lengthTokens }) => lengthTokens > 0));
      await reorder(driver, driver.model.slots.map((_, slot) => slots - 1 - slot));
      for (let slot = 0; slot < slots; slot++) {
        if (driver.model.slots[slot]!.lengthTokens > 0) await release(driver, slot);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:size:recycled",
    clauses: ["recycle/window-only", "sentinel/only-when-dead"],
    description: "Long requests in any of many slots recycle their own heads' dead pages",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, slots: [20], heads: [8] }),
    run: async ({ allocator, params: { layout, slots, heads } }) => {
      const driver = await createDriver(allocator, {
        layout,
        slots,
        kvHeads: heads,
        queryHeads: heads,
        pagesPerHead: 640,
        modelLengthTokens: 2048,
        heads: { kind: "pattern", pattern: "last", ratio: 0.5 },
      });
      for (const slot of [0, 6, 13, slots - 1]) {
        await grow(driver, slot, 2048);
        await recycle(driver, slot, 1024);
        await recycle(driver, slot, 2048);
      }
      await extendAll(driver);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:size:groups",
    clauses: ["layout/per-layer-groups", "recycle/window-only", "abort/exact"],
    description: "Each of three layer groups grows, recycles and ends in rows of its own",
    needs: ({ layout }) => [
      layoutCapability(layout),
      "allocator.heads",
      "allocator.layer_groups",
      "allocator.recycle",
    ],
    cases: grid({ layout: HEAD_LAYOUTS, shuffled: [false, true] }),
    run: async ({ allocator, params: { layout, shuffled } }) => {
      const driver = await createDriver(allocator, {
        layout,
        ...THREE_GROUPS,
        shuffleSeed: shuffled ? 5 : null,
      });
      await grow(driver, 1, 320);
      await recycle(driver, 1, 320);
      await grow(driver, 3, 160);
      await recycle(driver, 3, 160);
      await release(driver, 1);
      await grow(driver, 0, 340);
      await recycle(driver, 3, 160);
      await release(driver, 3);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:size:wide_ids",
    clauses: ["layout/id-spaces-distinct", "pool/conservation"],
    description: "Pages past the 65,536th have ids of their own",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS }),
    run: async ({ allocator, params: { layout } }) => {
      const pages = layout === "pooled" ? 35_000 : 66_000;
      const driver = await createDriver(allocator, {
        layout,
        slots: 2,
        kvHeads: 2,
        queryHeads: 2,
        recycle: false,
        pagesPerHead: pages,
        modelLengthTokens: pages * 16,
      });
      await grow(driver, 1, (pages - 1) * 16);
      await grow(driver, 0, 16);
      const { table } = await checkState(driver);
      requireThat(table.some((id) => id > 65_536), "Expected an id past 16 bits, found none");
      await release(driver, 1);
      return PASS;
    },
  }),
];

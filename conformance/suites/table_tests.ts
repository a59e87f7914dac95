/** Tests of tables: shape, rows, id spaces and tails. */
import { requireEqual, requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import { tableRowsPerSlot } from "./cache_model.ts";
import { HEAD_LAYOUTS, layoutCapability, LAYOUTS, listedHeads } from "./cache_spec.ts";
import { idAt } from "./check_snapshot.ts";
import { Driver } from "./driver.ts";
import { takeSnapshot } from "./take_snapshot.ts";

export const tableTests: readonly TestDefinition[] = [
  defineAllocatorTest({
    id: "allocator:table:row_major",
    clauses: ["layout/row-major-heads", "shape/rows"],
    description: "Slots of different lengths fill exactly the rows b·H + h",
    needs: ({ heads }) => [heads > 1 && "allocator.heads"],
    cases: grid({ layout: LAYOUTS, heads: [1, 4], slots: [1, 3] }),
    spec: ({ heads, slots }) => ({ kvHeads: heads, queryHeads: heads * 2, slots }),
    run: async (driver, { layout, heads, slots }) => {
      for (let slot = 0; slot < slots; slot++) await driver.admit(slot, 16 * (slot + 1));
      const snapshot = await driver.checkState();
      const rows = slots * (layout === "uniform" ? 1 : heads);
      requireEqual("entries of the table", snapshot.table.length, rows * snapshot.columns);
    },
  }),
  defineTest({
    id: "allocator:table:columns_cover",
    clauses: ["shape/columns-positive", "shape/columns-cover"],
    description: "Columns hold the longest request, as many as the uniform table has",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.uniform"],
    cases: grid({ layout: HEAD_LAYOUTS, length: [1, 16, 17, 511, 512] }),
    run: async ({ allocator, params: { layout, length } }) => {
      const sizes = { modelLengthTokens: length, windowTokens: 8 };
      const uniform = await Driver.create(allocator, { layout: "uniform", ...sizes });
      const driver = await Driver.create(allocator, { layout, ...sizes });
      requireThat(driver.columns > 0, `Expected columns, found ${driver.columns}`);
      requireThat(
        driver.columns >= uniform.columns && driver.columns * 16 >= length,
        `Expected at least ${uniform.columns} columns for ${length} tokens, found ${driver.columns}`,
      );
      await driver.grow(1, length);
      return PASS;
    },
  }),
  defineAllocatorTest({
    id: "allocator:table:absolute_columns",
    clauses: ["shape/columns-cover", "recycle/window-only"],
    description: "Rows are not compacted when pages before the window are recycled",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, pages: [8, 20] }),
    run: async (driver, { pages }) => {
      await driver.admit(0, pages * 16);
      await driver.recycle(0, pages * 16);
      await driver.extend(0, (pages + 1) * 16);
      const { table } = await takeSnapshot(driver.allocator);
      requireThat((table[pages] ?? -1) >= 0, `Expected the newest page in column ${pages}`);
      if (driver.allocator.policies.deadColumns === "cleared") {
        requireEqual("entry of the first dead page", table[0], -1);
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:table:id_spaces",
    clauses: ["layout/id-spaces-distinct", "pool/per-head"],
    description: "Local ids stay below N for each head, global ids stand in one row of one head",
    cases: grid({ layout: HEAD_LAYOUTS, order: ["identity", "shuffled"] }),
    spec: ({ order }, { seed }) => ({ shuffleSeed: order === "identity" ? null : seed }),
    run: async (driver, { layout }) => {
      for (let slot = 0; slot < 4; slot++) await driver.admit(slot, 128);
      const { table } = await driver.checkState();
      const largest = Math.max(...table) - (driver.allocator.policies.nullId + 1);
      requireThat(
        layout === "headwise" ? largest < 32 : largest >= 32,
        `Expected ids of the ${layout} layout, found ${largest} as the largest`,
      );
    },
  }),
  defineAllocatorTest({
    id: "allocator:table:layer_groups",
    clauses: ["layout/per-layer-groups", "mask/head-kinds"],
    description:
      "Layers with other window heads have rows of their own, recycled by their own kinds",
    needs: ["allocator.heads", "allocator.layer_groups", "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, order: ["alternating", "halves"] }),
    spec: ({ order }) => ({
      layers: 4,
      kvHeads: 2,
      queryHeads: 4,
      heads: listedHeads(
        order === "alternating" ? ["wf", "fw", "wf", "fw"] : ["wf", "wf", "fw", "fw"],
      ),
    }),
    run: async (driver) => {
      requireEqual("rows of a slot", tableRowsPerSlot(driver.model), 4);
      await driver.admit(2, 256);
      await driver.recycle(2, 256);
      const snapshot = await driver.checkState();
      if (driver.allocator.policies.deadColumns === "stale") return;
      const holes = [0, 1, 2, 3].map((row) => idAt(snapshot, { slot: 2, row, column: 0 }) === -1);
      requireEqual("rows with holes", holes.join(), "true,false,false,true");
    },
  }),
  defineAllocatorTest({
    id: "allocator:table:tail",
    clauses: ["sentinel/tail", "abort/exact"],
    description: "A shorter request in a used slot leaves no column of the longer one",
    cases: grid({ layout: LAYOUTS, pages: [1, 3, 7] }),
    run: async (driver, { pages }) => {
      await driver.admit(1, 8 * 16);
      await driver.release(1);
      await driver.admit(1, pages * 16 - 3);
      await driver.checkState();
    },
  }),
];

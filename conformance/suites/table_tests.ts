/** Tests of tables: shape, rows, id spaces and tails. */
import { requireEqual, requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { HEAD_LAYOUTS, layoutCapability, LAYOUTS } from "./cache_spec.ts";
import { entryIndex } from "./check_snapshot.ts";
import { takeSnapshot } from "./take_snapshot.ts";
import { admit, checkState, createDriver, extend, grow, recycle, release } from "./driver.ts";
import { tableRowsPerSlot } from "./cache_model.ts";

/** Tests of tables. */
export const tableTests: readonly TestDefinition[] = [
  defineTest({
    id: "allocator:table:row_major",
    clauses: ["layout/row-major-heads", "shape/rows"],
    description: "Slots of different lengths fill exactly the rows b·H + h",
    needs: ({ layout, heads }) => [
      layoutCapability(layout),
      ...(heads > 1 ? ["allocator.heads"] as const : []),
    ],
    cases: grid({ layout: LAYOUTS, heads: [1, 4], slots: [1, 3] }),
    run: async ({ allocator, params: { layout, heads, slots } }) => {
      const driver = await createDriver(allocator, {
        layout,
        kvHeads: heads,
        queryHeads: heads * 2,
        slots,
      });
      for (let slot = 0; slot < slots; slot++) {
        await admit(driver, slot, 16 * (slot + 1));
      }
      const snapshot = await checkState(driver);
      const rows = slots * (layout === "uniform" ? 1 : heads);
      requireEqual("entries of the table", snapshot.table.length, rows * snapshot.columns);
      return PASS;
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
      const uniform = await createDriver(allocator, { layout: "uniform", ...sizes });
      const driver = await createDriver(allocator, { layout, ...sizes });
      requireThat(driver.columns > 0, `Expected columns, found ${driver.columns}`);
      requireThat(
        driver.columns >= uniform.columns && driver.columns * 16 >= length,
        `Expected at least ${uniform.columns} columns for ${length} tokens, found ${driver.columns}`,
      );
      await grow(driver, 1, length);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:table:absolute_columns",
    clauses: ["shape/columns-cover", "recycle/window-only"],
    description: "Rows are not compacted when pages before the window are recycled",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, pages: [8, 20] }),
    run: async ({ allocator, params: { layout, pages } }) => {
      const driver = await createDriver(allocator, { layout });
      await admit(driver, 0, pages * 16);
      await recycle(driver, 0, pages * 16);
      await extend(driver, 0, (pages + 1) * 16);
      const { table } = await takeSnapshot(allocator);
      requireThat((table[pages] ?? -1) >= 0, `Expected the newest page in column ${pages}`);
      if (allocator.policies.deadColumns === "cleared") {
        requireEqual("entry of the first dead page", table[0], -1);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:table:id_spaces",
    clauses: ["layout/id-spaces-distinct", "pool/per-head"],
    description: "Local ids stay below N for each head, global ids stand in one row of one head",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: HEAD_LAYOUTS, order: ["identity", "shuffled"] }),
    run: async ({ allocator, params: { layout, order }, seed }) => {
      const driver = await createDriver(allocator, {
        layout,
        shuffleSeed: order === "identity" ? null : seed,
      });
      for (let slot = 0; slot < 4; slot++) {
        await admit(driver, slot, 128);
      }
      const { table } = await checkState(driver);
      const largest = Math.max(...table) - (allocator.policies.nullId + 1);
      requireThat(
        layout === "headwise" ? largest < 32 : largest >= 32,
        `Expected ids of the ${layout} layout, found ${largest} as the largest`,
      );
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:table:layer_groups",
    clauses: ["layout/per-layer-groups", "mask/head-kinds"],
    description:
      "Layers with other window heads have rows of their own, recycled by their own kinds",
    needs: ({ layout }) => [
      layoutCapability(layout),
      "allocator.heads",
      "allocator.layer_groups",
      "allocator.recycle",
    ],
    cases: grid({ layout: HEAD_LAYOUTS, order: ["alternating", "halves"] }),
    run: async ({ allocator, params: { layout, order } }) => {
      const first = ["window", "full"] as const;
      const second = ["full", "window"] as const;
      const kindsByLayer = order === "alternating"
        ? [first, second, first, second]
        : [first, first, second, second];
      const driver = await createDriver(allocator, {
        layout,
        layers: 4,
        kvHeads: 2,
        queryHeads: 4,
        heads: { kind: "layers", kindsByLayer },
      });
      requireEqual("rows of a slot", tableRowsPerSlot(driver.model), 4);
      await admit(driver, 2, 256);
      await recycle(driver, 2, 256);
      const snapshot = await checkState(driver);
      if (allocator.policies.deadColumns === "stale") return PASS;
      const holes = [0, 1, 2, 3].map((row) =>
        snapshot.table[entryIndex(snapshot, { slot: 2, row, column: 0 })] === -1
      );
      requireEqual("rows with holes", holes.join(), "true,false,false,true");
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:table:tail",
    clauses: ["sentinel/tail", "abort/exact"],
    description: "A shorter request in a used slot leaves no column of the longer one",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, pages: [1, 3, 7] }),
    run: async ({ allocator, params: { layout, pages } }) => {
      const driver = await createDriver(allocator, { layout });
      await admit(driver, 1, 8 * 16);
      await release(driver, 1);
      await admit(driver, 1, pages * 16 - 3);
      await checkState(driver);
      return PASS;
    },
  }),
];

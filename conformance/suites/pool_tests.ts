/** Tests of page pools: independence, shortage, conservation, availability and refusals. */
import { requireAccepted, requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { availabilityOf, poolCapacity, poolCount, slotOf } from "./cache_model.ts";
import { cacheSpec, HEAD_LAYOUTS, layoutCapability, LAYOUTS } from "./cache_spec.ts";
import {
  admit,
  checkState,
  claimedSpec,
  createDriver,
  extend,
  grow,
  recycle,
  release,
  requireRefused,
} from "./driver.ts";

function pattern(ratio: number): { kind: "pattern"; pattern: "first"; ratio: number } {
  return { kind: "pattern", pattern: "first", ratio };
}

/** Tests of page pools. */
export const poolTests: readonly TestDefinition[] = [
  defineTest({
    id: "allocator:pool:independent",
    clauses: ["pool/per-head"],
    description: "Every head holds all N pages of its own pool at once",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, heads: [1, 2, 8] }),
    run: async ({ allocator, params: { layout, heads } }) => {
      const driver = await createDriver(allocator, {
        layout,
        kvHeads: heads,
        queryHeads: heads,
        recycle: false,
      });
      for (let slot = 0; slot < 4; slot++) {
        await grow(driver, slot, 8 * 16);
      }
      const { freePages } = await checkState(driver);
      requireEqual("free pages", freePages.reduce((sum, pages) => sum + pages, 0), 0);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:pool:any_head",
    clauses: ["pool/per-head", "recycle/window-only"],
    description:
      "Pages freed by window heads go to full heads of one pool, and stay where pools differ",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, pages: [8, 12] }),
    run: async ({ allocator, params: { layout, pages } }) => {
      const driver = await createDriver(allocator, {
        layout,
        pagesPerHead: pages,
        heads: pattern(0.75),
        windowTokens: 16,
      });
      let held = 0;
      for (let page = 1; page <= pages + 4; page++) {
        const met = await (page === 1 ? admit : extend)(driver, 0, page * 16);
        if (!met) {
          break;
        }
        await recycle(driver, 0, page * 16);
        held = page;
      }
      requireEqual("pages of the full head", held, layout === "pooled" ? pages + 4 : pages);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:pool:all_or_nothing",
    clauses: ["pool/all-or-nothing"],
    description: "A request that one head cannot meet takes no page of any head",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, command: ["admit", "extend"], missing: [1, 5] }),
    run: async ({ allocator, params: { layout, command, missing } }) => {
      const driver = await createDriver(allocator, {
        layout,
        pagesPerHead: 24,
        recycle: false,
        preallocatedPages: 0,
      });
      await grow(driver, 0, 20 * 16);
      if (command === "extend") {
        await grow(driver, 1, 16);
      }
      const free = command === "extend" ? 3 : 4;
      const held = command === "extend" ? 1 : 0;
      const before = await checkState(driver);
      const lengthTokens = (held + free + missing) * 16;
      const met = await (command === "extend" ? extend : admit)(driver, 1, lengthTokens);
      requireThat(!met, "Expected a shortage");
      const after = await checkState(driver);
      requireSameElements("table after the shortage", after.table, before.table);
      requireThat(
        await (command === "extend" ? extend : admit)(driver, 1, (held + free) * 16),
        "Expected the free pages to be usable after a shortage",
      );
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:pool:uneven_shortage",
    clauses: ["pool/all-or-nothing", "pool/conservation"],
    description: "When only full heads are short, window heads keep what they have and get no more",
    needs: () => ["allocator.headwise", "allocator.recycle"],
    cases: grid({ pattern: ["first", "last"], ratio: [0.25, 0.75] }),
    run: async ({ allocator, params }) => {
      const heads = { kind: "pattern", pattern: params.pattern as "first" | "last" } as const;
      const driver = await createDriver(allocator, {
        heads: { ...heads, ratio: params.ratio },
        pagesPerHead: 20,
      });
      await grow(driver, 0, 16 * 16);
      await recycle(driver, 0, 16 * 16);
      requireThat(!await admit(driver, 1, 6 * 16), "Expected a shortage of the full heads");
      requireThat(await admit(driver, 1, 4 * 16), "Expected four pages to fit");
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:pool:bad_return",
    clauses: ["pool/conservation"],
    description:
      "Returning a free page, a page twice or a page without an owner is refused and changes nothing",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.return_pages"],
    cases: grid({ layout: LAYOUTS, fault: ["double", "free", "past_end", "negative"] }),
    run: async ({ allocator, params: { layout, fault } }) => {
      const driver = await createDriver(allocator, { layout, shuffleSeed: null });
      await grow(driver, 0, 64);
      const before = await checkState(driver);
      const held = before.table[0] ?? 0;
      const owned = new Set(before.table);
      const free = Array.from({ length: 32 }, (_, id) => id).find((id) => !owned.has(id)) ?? 31;
      const ids = { double: [held, held], free: [free], past_end: [32 * 4], negative: [-2] }[fault];
      const reply = await allocator.returnPages({ pool: 0, ids: Int32Array.from(ids ?? []) });
      requireRefused("returnPages", reply);
      const after = await checkState(driver);
      requireSameElements("free pages", after.freePages, before.freePages);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:availability:real_number",
    clauses: ["pool/available"],
    description: "Availability is the exact share of free pages, between zero and one too",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, pages: [0, 1, 13, 31, 32] }),
    run: async ({ allocator, params: { layout, pages } }) => {
      const driver = await createDriver(allocator, { layout, recycle: false });
      if (pages > 0) {
        await grow(driver, 0, pages * 16);
      }
      const { availability } = await allocator.snapshot();
      if (allocator.policies.availability === "none") return PASS;
      const share = (32 - pages) / 32;
      const budgetUsed = requireAccepted(
        "availability",
        { kind: "interval", center: share, radius: 1e-12 },
        availability,
      );
      return { kind: "pass", budgetUsed };
    },
  }),
  defineTest({
    id: "allocator:availability:uneven_heads",
    clauses: ["pool/available"],
    description: "Availability sums over heads whose pools differ",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, ratio: [0.25, 0.5, 1] }),
    run: async ({ allocator, params: { layout, ratio } }) => {
      const driver = await createDriver(allocator, { layout, heads: pattern(ratio) });
      await grow(driver, 0, 256);
      const freed = await recycle(driver, 0, 256);
      requireThat(freed > 0, "Expected pages to be recycled");
      const { availability } = await allocator.snapshot();
      const center = availabilityOf(driver.model);
      if (center === null) return PASS;
      const acceptance = { kind: "interval", center, radius: 1e-12 } as const;
      return {
        kind: "pass",
        budgetUsed: requireAccepted("availability", acceptance, availability),
      };
    },
  }),
  defineTest({
    id: "allocator:pool:extend_past_end",
    clauses: ["pool/extend", "pool/conservation"],
    description: "Growth past M, or past the model's length, is refused before any pool changes",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({
      layout: LAYOUTS,
      limit: ["columns", "model_length"],
      command: ["admit", "extend"],
    }),
    run: async ({ allocator, params: { layout, limit, command } }) => {
      const spec = limit === "columns"
        ? cacheSpec({ layout, modelLengthTokens: 128, columns: 8 })
        : cacheSpec({ layout, modelLengthTokens: 125 });
      const driver = await createDriver(allocator, spec);
      if (command === "extend") {
        await grow(driver, 2, 100);
      }
      const lengthTokens = limit === "columns" ? driver.columns * 16 + 1 : 126;
      if (allocator.policies.endOfRow === "clamp") {
        const met = await (command === "extend" ? extend : admit)(driver, 2, lengthTokens);
        const longest = Math.min(driver.columns * 16, driver.model.spec.modelLengthTokens);
        if (met) requireEqual("length", slotOf(driver.model, 2).lengthTokens, longest);
        return PASS;
      }
      const reply = await allocator[command as "admit" | "extend"]({ slot: 2, lengthTokens });
      requireRefused(command, reply);
      await checkState(driver);
      requireEqual("length", slotOf(driver.model, 2).lengthTokens, command === "extend" ? 100 : 0);
      await grow(driver, 2, 125);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:pool:short_rows",
    clauses: ["pool/extend", "shape/columns-cover"],
    description: "Rows shorter than the model's length are refused, or growth past them is",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, past: [1, 16, 17, 300] }),
    run: async ({ allocator, params: { layout, past } }) => {
      const spec = claimedSpec(allocator, cacheSpec({ layout, columns: 8 }));
      if ((await allocator.create(spec)).kind === "refused") return PASS;
      const driver = await createDriver(allocator, { layout, columns: 8 });
      if (allocator.policies.endOfRow === "clamp" || driver.columns > 8) return PASS;
      await grow(driver, 1, 100);
      const lengthTokens = 8 * 16 + past;
      requireRefused("extend", await allocator.extend({ slot: 1, lengthTokens }));
      requireRefused("admit", await allocator.admit({ slot: 0, lengthTokens }));
      await checkState(driver);
      await grow(driver, 1, 128);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:pool:preallocation",
    clauses: ["pool/conservation", "sentinel/tail"],
    description: "Pages ahead of need are counted, bounded and returned like any other",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.preallocation"],
    cases: grid({ layout: LAYOUTS, pages: [1, 2, 3] }),
    run: async ({ allocator, params: { layout, pages } }) => {
      const driver = await createDriver(allocator, {
        layout,
        preallocatedPages: pages,
        recycle: false,
      });
      await grow(driver, 0, 40);
      await grow(driver, 0, 41);
      await grow(driver, 0, 90);
      await release(driver, 0);
      const { freePages } = await checkState(driver);
      const total = freePages.reduce((sum, free) => sum + free, 0);
      const { model } = driver;
      requireEqual("free pages at the end", total, poolCount(model) * poolCapacity(model));
      return PASS;
    },
  }),
];

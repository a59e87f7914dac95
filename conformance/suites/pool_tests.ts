/** Tests of page pools: independence, shortage, conservation, availability and refusals. */
import { requireEqual, requireSameElements, requireThat, requireWithin } from "../acceptance.ts";
import { PASS, type Verdict } from "../outcome.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import { availabilityOf, slotOf } from "./cache_model.ts";
import { cacheSpec, HEAD_LAYOUTS, layoutCapability, LAYOUTS, windowHeads } from "./cache_spec.ts";
import { claimedSpec, Driver, requireRefused } from "./driver.ts";

function judgeAvailability(center: number, found: number): Verdict {
  const budgetUsed = requireWithin("availability", found, { center, radius: 1e-12 });
  return { kind: "pass", budgetUsed };
}

export const poolTests: readonly TestDefinition[] = [
  defineAllocatorTest({
    id: "allocator:pool:independent",
    clauses: ["pool/per-head"],
    description: "Every head holds all N pages of its own pool at once",
    cases: grid({ layout: LAYOUTS, heads: [1, 2, 8] }),
    spec: ({ heads }) => ({ kvHeads: heads, queryHeads: heads, recycle: false }),
    run: async (driver) => {
      for (let slot = 0; slot < 4; slot++) {
        await driver.grow(slot, 8 * 16);
      }
      const { freePages } = await driver.checkState();
      requireEqual("free pages", freePages.reduce((sum, pages) => sum + pages, 0), 0);
    },
  }),
  defineAllocatorTest({
    id: "allocator:pool:any_head",
    clauses: ["pool/per-head", "recycle/window-only"],
    description:
      "Pages freed by window heads go to full heads of one pool, and stay where pools differ",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, pages: [8, 12] }),
    spec: ({ pages }) => ({ pagesPerHead: pages, heads: windowHeads(0.75), windowTokens: 16 }),
    run: async (driver, { layout, pages }) => {
      let held = 0;
      for (let page = 1; page <= pages + 4; page++) {
        if (!await driver[page === 1 ? "admit" : "extend"](0, page * 16)) break;
        await driver.recycle(0, page * 16);
        held = page;
      }
      requireEqual("pages of the full head", held, layout === "pooled" ? pages + 4 : pages);
    },
  }),
  defineAllocatorTest({
    id: "allocator:pool:all_or_nothing",
    clauses: ["pool/all-or-nothing"],
    description: "A request that one head cannot meet takes no page of any head",
    cases: grid({ layout: LAYOUTS, command: ["admit", "extend"], missing: [1, 5] }),
    spec: () => ({ pagesPerHead: 24, recycle: false, preallocatedPages: 0 }),
    run: async (driver, { command, missing }) => {
      await driver.grow(0, 20 * 16);
      if (command === "extend") await driver.grow(1, 16);
      const free = command === "extend" ? 3 : 4;
      const held = command === "extend" ? 1 : 0;
      const before = await driver.checkState();
      const lengthTokens = (held + free + missing) * 16;
      const met = await driver[command](1, lengthTokens);
      requireThat(!met, "Expected a shortage");
      const after = await driver.checkState();
      requireSameElements("table after the shortage", after.table, before.table);
      requireThat(
        await driver[command](1, (held + free) * 16),
        "Expected the free pages to be usable after a shortage",
      );
    },
  }),
  defineAllocatorTest({
    id: "allocator:pool:uneven_shortage",
    clauses: ["pool/all-or-nothing", "pool/conservation"],
    description: "When only full heads are short, window heads keep what they have and get no more",
    needs: ["allocator.recycle"],
    cases: grid({ pattern: ["first", "last"], ratio: [0.25, 0.75] }),
    spec: ({ pattern, ratio }) => ({ heads: windowHeads(ratio, pattern), pagesPerHead: 20 }),
    run: async (driver) => {
      await driver.growAndRecycle(0, 16 * 16);
      requireThat(!await driver.admit(1, 6 * 16), "Expected a shortage of the full heads");
      requireThat(await driver.admit(1, 4 * 16), "Expected four pages to fit");
    },
  }),
  defineAllocatorTest({
    id: "allocator:pool:bad_return",
    clauses: ["pool/conservation"],
    description:
      "Returning a free page, a page twice or a page without an owner is refused and changes nothing",
    needs: ["allocator.return_pages"],
    cases: grid({ layout: LAYOUTS, fault: ["double", "free", "past_end", "negative"] }),
    spec: () => ({ shuffleSeed: null }),
    run: async (driver, { fault }) => {
      await driver.grow(0, 64);
      const before = await driver.checkState();
      const held = before.table[0] ?? 0;
      const owned = new Set(before.table);
      const free = Array.from({ length: 32 }, (_, id) => id).find((id) => !owned.has(id)) ?? 31;
      const ids = { double: [held, held], free: [free], past_end: [32 * 4], negative: [-2] }[fault];
      const reply = await driver.allocator.returnPages({ pool: 0, ids: Int32Array.from(ids) });
      requireRefused("returnPages", reply);
      const after = await driver.checkState();
      requireSameElements("free pages", after.freePages, before.freePages);
    },
  }),
  defineAllocatorTest({
    id: "allocator:availability:real_number",
    clauses: ["pool/available"],
    description: "Availability is the exact share of free pages, between zero and one too",
    cases: grid({ layout: LAYOUTS, pages: [0, 1, 13, 31, 32] }),
    spec: () => ({ recycle: false }),
    run: async (driver, { pages }) => {
      if (pages > 0) await driver.grow(0, pages * 16);
      const { availability } = await driver.allocator.snapshot();
      if (driver.allocator.policies.availability === "none") return;
      return judgeAvailability((32 - pages) / 32, availability);
    },
  }),
  defineAllocatorTest({
    id: "allocator:availability:uneven_heads",
    clauses: ["pool/available"],
    description: "Availability sums over heads whose pools differ",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, ratio: [0.25, 0.5, 1] }),
    spec: ({ ratio }) => ({ heads: windowHeads(ratio) }),
    run: async (driver) => {
      const freed = await driver.growAndRecycle(0, 256);
      requireThat(freed > 0, "Expected pages to be recycled");
      const { availability } = await driver.allocator.snapshot();
      const center = availabilityOf(driver.model);
      if (center === null) return;
      return judgeAvailability(center, availability);
    },
  }),
  defineAllocatorTest({
    id: "allocator:pool:extend_past_end",
    clauses: ["pool/extend", "pool/conservation"],
    description: "Growth past M, or past the model's length, is refused before any pool changes",
    cases: grid({
      layout: LAYOUTS,
      limit: ["columns", "model_length"],
      command: ["admit", "extend"],
    }),
    spec: ({ limit }) =>
      limit === "columns" ? { modelLengthTokens: 128, columns: 8 } : { modelLengthTokens: 125 },
    run: async (driver, { limit, command }) => {
      if (command === "extend") await driver.grow(2, 100);
      const lengthTokens = limit === "columns" ? driver.columns * 16 + 1 : 126;
      if (driver.allocator.policies.endOfRow === "clamp") {
        const met = await driver[command](2, lengthTokens);
        const longest = Math.min(driver.columns * 16, driver.model.spec.modelLengthTokens);
        if (met) requireEqual("length", slotOf(driver.model, 2).lengthTokens, longest);
        return;
      }
      const reply = await driver.allocator[command]({ slot: 2, lengthTokens });
      requireRefused(command, reply);
      await driver.checkState();
      requireEqual("length", slotOf(driver.model, 2).lengthTokens, command === "extend" ? 100 : 0);
      await driver.grow(2, 125);
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
      const driver = await Driver.create(allocator, { layout, columns: 8 });
      if (allocator.policies.endOfRow === "clamp" || driver.columns > 8) return PASS;
      await driver.grow(1, 100);
      const lengthTokens = 8 * 16 + past;
      requireRefused("extend", await allocator.extend({ slot: 1, lengthTokens }));
      requireRefused("admit", await allocator.admit({ slot: 0, lengthTokens }));
      await driver.checkState();
      await driver.grow(1, 128);
      return PASS;
    },
  }),
  defineAllocatorTest({
    id: "allocator:pool:preallocation",
    clauses: ["pool/conservation", "sentinel/tail"],
    description: "Pages ahead of need are counted, bounded and returned like any other",
    needs: ["allocator.preallocation"],
    cases: grid({ layout: LAYOUTS, pages: [1, 2, 3] }),
    spec: ({ pages }) => ({ preallocatedPages: pages, recycle: false }),
    run: async (driver) => {
      for (const length of [40, 41, 90]) await driver.grow(0, length);
      await driver.release(0);
      requireEqual("pages in use at the end", await driver.pagesInUse(), 0);
    },
  }),
  defineAllocatorTest({
    id: "allocator:pool:preallocation_at_end",
    clauses: ["pool/extend", "pool/conservation"],
    description: "Pages ahead of need end with the row, and none is lost behind it",
    needs: ["allocator.preallocation"],
    cases: grid({ layout: LAYOUTS, pages: [1, 3], columns: [3, 4] }),
    spec: ({ pages, columns }) => ({
      preallocatedPages: pages,
      recycle: false,
      modelLengthTokens: columns * 16,
    }),
    run: async (driver, { columns }) => {
      for (let length = 16; length <= columns * 16; length += 16) await driver.grow(1, length);
      await driver.grow(2, columns * 16);
      await driver.release(1);
      await driver.release(2);
      requireEqual("pages in use at the end", await driver.pagesInUse(), 0);
    },
  }),
];

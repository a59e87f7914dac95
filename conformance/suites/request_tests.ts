/** Tests of admission and of the end of requests. */
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { poolCapacity, poolCount } from "./cache_model.ts";
import { cacheSpec, HEAD_LAYOUTS, layoutCapability, LAYOUTS, sinkNeeds } from "./cache_spec.ts";
import {
  admit,
  beginStep,
  checkState,
  completeStep,
  createDriver,
  type Driver,
  extend,
  grow,
  recycle,
  release,
  requireOk,
} from "./driver.ts";

/** Decodes a request to its end, a page per step, recycling before every growth. */
async function runToEnd(driver: Driver, slot: number, lengthTokens: number): Promise<void> {
  await grow(driver, slot, Math.min(16, lengthTokens));
  for (let length = 16; length < lengthTokens; length += 16) {
    await recycle(driver, slot, length);
    await grow(driver, slot, Math.min(length + 16, lengthTokens));
  }
}

/** Tests of admission and of the end of requests. */
export const requestTests: readonly TestDefinition[] = [
  defineTest({
    id: "allocator:admission:full_heads",
    clauses: ["pool/admission"],
    description:
      "A full head needs ceil(len/P) pages: what fits is admitted and one token more is not",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.admission"],
    cases: grid({ layout: LAYOUTS, free: [1, 7, 20] }),
    run: async ({ allocator, params: { layout, free } }) => {
      const driver = await createDriver(allocator, { layout, recycle: false, pagesPerHead: 24 });
      await grow(driver, 0, (24 - free) * 16);
      const fits = { lengthTokens: free * 16, stepTokens: free * 16 };
      const fitsNot = { lengthTokens: free * 16 + 1, stepTokens: free * 16 + 1 };
      requireEqual("admissible", requireOk("canAdmit", await allocator.canAdmit(fits)), true);
      requireEqual("admissible", requireOk("canAdmit", await allocator.canAdmit(fitsNot)), false);
      requireThat(await admit(driver, 1, fits.lengthTokens), "Expected what is admissible to fit");
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:admission:window_heads",
    clauses: ["pool/admission"],
    description:
      "With recycling a request far longer than its pools is admitted and runs to its end",
    needs: ({ layout, sinks }) => [
      layoutCapability(layout),
      "allocator.recycle",
      "allocator.admission",
      ...sinkNeeds(sinks),
    ],
    cases: grid({ layout: HEAD_LAYOUTS, window: [16, 50, 64], sinks: [0, 20] }),
    run: async ({ allocator, params: { layout, window, sinks } }) => {
      const pages = Math.ceil((window - 1) / 16) + 1 + Math.ceil(sinks / 16) + 1;
      const spec = cacheSpec({
        layout,
        windowTokens: window,
        sinkTokens: sinks,
        pagesPerHead: pages,
        heads: { kind: "pattern", pattern: "first", ratio: 1 },
      });
      const driver = await createDriver(allocator, spec);
      const admissible = await allocator.canAdmit({ lengthTokens: 500, stepTokens: 16 });
      requireEqual("admissible", requireOk("canAdmit", admissible), true);
      await runToEnd(driver, 0, 500);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:admission:without_recycling",
    clauses: ["pool/admission", "recycle/off"],
    description: "Without recycling window heads count like full heads",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.admission"],
    cases: grid({ layout: HEAD_LAYOUTS }),
    run: async ({ allocator, params: { layout } }) => {
      await createDriver(allocator, {
        layout,
        recycle: false,
        pagesPerHead: 8,
        heads: { kind: "pattern", pattern: "first", ratio: 1 },
      });
      const admissible = await allocator.canAdmit({ lengthTokens: 8 * 16 + 1, stepTokens: 16 });
      requireEqual("admissible", requireOk("canAdmit", admissible), false);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:admission:mixed_heads",
    clauses: ["pool/admission", "pool/per-head"],
    description: "One pool admits by the sum over head kinds, pools per head by the fullest head",
    needs: ({ layout }) => [
      layoutCapability(layout),
      "allocator.recycle",
      "allocator.admission",
    ],
    cases: grid({ layout: HEAD_LAYOUTS }),
    run: async ({ allocator, params: { layout } }) => {
      const driver = await createDriver(allocator, {
        layout,
        windowTokens: 16,
        pagesPerHead: 12,
        heads: { kind: "pattern", pattern: "last", ratio: 0.75 },
      });
      const admissible = await allocator.canAdmit({ lengthTokens: 20 * 16, stepTokens: 16 });
      requireEqual("admissible", requireOk("canAdmit", admissible), layout === "pooled");
      await runToEnd(driver, 0, layout === "pooled" ? 20 * 16 : 12 * 16);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:abort:exact",
    clauses: ["abort/exact", "pool/conservation"],
    description:
      "The end of a request returns every head's own pages, whatever was recycled before",
    needs: ({ layout, when, sinks }) => [
      layoutCapability(layout),
      ...(when === "fresh" ? [] : ["allocator.recycle"] as const),
      ...(when === "in_flight" ? ["allocator.fence"] as const : []),
      ...sinkNeeds(sinks),
    ],
    cases: grid({
      layout: LAYOUTS,
      when: ["fresh", "recycled", "mid_page", "in_flight"],
      sinks: [0, 8],
    }),
    run: async ({ allocator, params: { layout, when, sinks } }) => {
      const recycles = when !== "fresh";
      const driver = await createDriver(allocator, {
        layout,
        sinkTokens: sinks,
        recycle: recycles,
      });
      await grow(driver, 0, 200);
      await grow(driver, 2, 160);
      if (when !== "fresh") {
        await recycle(driver, 2, 160);
      }
      if (when === "mid_page") {
        await extend(driver, 2, 165);
      }
      const step = when === "in_flight" ? await beginStep(driver) : null;
      await release(driver, 2);
      if (step !== null) {
        await completeStep(driver, step);
      }
      await release(driver, 0);
      const { freePages, table } = await checkState(driver);
      const free = freePages.reduce((sum, pages) => sum + pages, 0);
      const { model } = driver;
      requireEqual("free pages", free, poolCount(model) * poolCapacity(model));
      requireThat(
        allocator.policies.deadColumns === "stale" || table.every((id) => id === -1),
        "Expected a table of holes",
      );
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:abort:cleared_state",
    clauses: ["abort/exact", "slot/reorder-stale"],
    description: "A preempted request starts over as if its slot had never been used",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: LAYOUTS, rounds: [1, 3] }),
    run: async ({ allocator, params: { layout, rounds } }) => {
      const driver = await createDriver(allocator, { layout, shuffleSeed: null });
      await grow(driver, 1, 150);
      const fresh = await checkState(driver);
      for (let round = 0; round < rounds; round++) {
        await extend(driver, 1, 320);
        await recycle(driver, 1, 320);
        await release(driver, 1);
        await grow(driver, 1, 150);
      }
      const again = await checkState(driver);
      requireSameElements("lengths", again.lengthsTokens, fresh.lengthsTokens);
      if (allocator.policies.deadColumns === "stale") return PASS;
      requireSameElements(
        "columns in use",
        again.table.map((id) => Math.min(id, 0)),
        fresh.table.map((id) => Math.min(id, 0)),
      );
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:abort:released_twice",
    clauses: ["pool/conservation", "abort/exact"],
    description: "Ending an ended request returns nothing",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS }),
    run: async ({ allocator, params: { layout } }) => {
      const driver = await createDriver(allocator, { layout });
      await grow(driver, 0, 64);
      await grow(driver, 1, 64);
      await release(driver, 0);
      await release(driver, 0);
      await release(driver, 3);
      return PASS;
    },
  }),
];

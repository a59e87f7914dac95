/** Tests of admission and of the end of requests. */
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import { HEAD_LAYOUTS, LAYOUTS, windowHeads } from "./cache_spec.ts";
import type { Driver } from "./driver.ts";

/** Decodes a request to its end, a page per step, recycling before every growth. */
async function runToEnd(driver: Driver, slot: number, lengthTokens: number): Promise<void> {
  await driver.grow(slot, Math.min(16, lengthTokens));
  for (let length = 16; length < lengthTokens; length += 16) {
    await driver.recycle(slot, length);
    await driver.grow(slot, Math.min(length + 16, lengthTokens));
  }
}

export const requestTests: readonly TestDefinition[] = [
  defineAllocatorTest({
    id: "allocator:admission:full_heads",
    clauses: ["pool/admission"],
    description:
      "A full head needs ceil(len/P) pages: what fits is admitted and one token more is not",
    needs: ["allocator.admission"],
    cases: grid({ layout: LAYOUTS, free: [1, 7, 20] }),
    spec: () => ({ recycle: false, pagesPerHead: 24 }),
    run: async (driver, { free }) => {
      await driver.grow(0, (24 - free) * 16);
      const fits = { lengthTokens: free * 16, stepTokens: free * 16 };
      const fitsNot = { lengthTokens: free * 16 + 1, stepTokens: free * 16 + 1 };
      requireEqual("admissible", await driver.canAdmit(fits), true);
      requireEqual("admissible", await driver.canAdmit(fitsNot), false);
      requireThat(await driver.admit(1, fits.lengthTokens), "Expected what is admissible to fit");
    },
  }),
  defineAllocatorTest({
    id: "allocator:admission:window_heads",
    clauses: ["pool/admission"],
    description:
      "With recycling a request far longer than its pools is admitted and runs to its end",
    needs: ({ sinks }) => [
      "allocator.recycle",
      "allocator.admission",
      sinks > 0 && "allocator.sinks",
    ],
    cases: grid({ layout: HEAD_LAYOUTS, window: [16, 50, 64], sinks: [0, 20] }),
    spec: ({ window, sinks }) => ({
      windowTokens: window,
      sinkTokens: sinks,
      pagesPerHead: Math.ceil((window - 1) / 16) + 1 + Math.ceil(sinks / 16) + 1,
      heads: windowHeads(1),
    }),
    run: async (driver) => {
      const admissible = await driver.canAdmit({ lengthTokens: 500, stepTokens: 16 });
      requireEqual("admissible", admissible, true);
      await runToEnd(driver, 0, 500);
    },
  }),
  defineAllocatorTest({
    id: "allocator:admission:without_recycling",
    clauses: ["pool/admission", "recycle/off"],
    description: "Without recycling window heads count like full heads",
    needs: ["allocator.admission"],
    cases: grid({ layout: HEAD_LAYOUTS }),
    spec: () => ({ recycle: false, pagesPerHead: 8, heads: windowHeads(1) }),
    run: async (driver) => {
      const admissible = await driver.canAdmit({ lengthTokens: 8 * 16 + 1, stepTokens: 16 });
      requireEqual("admissible", admissible, false);
    },
  }),
  defineAllocatorTest({
    id: "allocator:admission:mixed_heads",
    clauses: ["pool/admission", "pool/per-head"],
    description: "One pool admits by the sum over head kinds, pools per head by the fullest head",
    needs: ["allocator.recycle", "allocator.admission"],
    cases: grid({ layout: HEAD_LAYOUTS }),
    spec: () => ({ windowTokens: 16, pagesPerHead: 12, heads: windowHeads(0.75, "last") }),
    run: async (driver, { layout }) => {
      const admissible = await driver.canAdmit({ lengthTokens: 20 * 16, stepTokens: 16 });
      requireEqual("admissible", admissible, layout === "pooled");
      await runToEnd(driver, 0, layout === "pooled" ? 20 * 16 : 12 * 16);
    },
  }),
  defineAllocatorTest({
    id: "allocator:abort:exact",
    clauses: ["abort/exact", "pool/conservation"],
    description:
      "The end of a request returns every head's own pages, whatever was recycled before",
    needs: ({ when, sinks }) => [
      when !== "fresh" && "allocator.recycle",
      when === "in_flight" && "allocator.fence",
      sinks > 0 && "allocator.sinks",
    ],
    cases: grid({
      layout: LAYOUTS,
      when: ["fresh", "recycled", "mid_page", "in_flight"],
      sinks: [0, 8],
    }),
    spec: ({ when, sinks }) => ({ sinkTokens: sinks, recycle: when !== "fresh" }),
    run: async (driver, { when }) => {
      await driver.grow(0, 200);
      await driver.grow(2, 160);
      if (when !== "fresh") await driver.recycle(2, 160);
      if (when === "mid_page") await driver.extend(2, 165);
      const step = when === "in_flight" ? await driver.beginStep() : null;
      await driver.release(2);
      if (step !== null) await driver.completeStep(step);
      await driver.release(0);
      requireEqual("pages in use", await driver.pagesInUse(), 0);
      const { table } = await driver.checkState();
      requireThat(
        driver.allocator.policies.deadColumns === "stale" || table.every((id) => id === -1),
        "Expected a table of holes",
      );
    },
  }),
  defineAllocatorTest({
    id: "allocator:abort:cleared_state",
    clauses: ["abort/exact", "slot/reorder-stale"],
    description: "A preempted request starts over as if its slot had never been used",
    needs: ["allocator.recycle"],
    cases: grid({ layout: LAYOUTS, rounds: [1, 3] }),
    spec: () => ({ shuffleSeed: null }),
    run: async (driver, { rounds }) => {
      await driver.grow(1, 150);
      const fresh = await driver.checkState();
      for (let round = 0; round < rounds; round++) {
        await driver.extend(1, 320);
        await driver.recycle(1, 320);
        await driver.release(1);
        await driver.grow(1, 150);
      }
      const again = await driver.checkState();
      requireSameElements("lengths", again.lengthsTokens, fresh.lengthsTokens);
      if (driver.allocator.policies.deadColumns === "stale") return;
      requireSameElements(
        "columns in use",
        again.table.map((id) => Math.min(id, 0)),
        fresh.table.map((id) => Math.min(id, 0)),
      );
    },
  }),
  defineAllocatorTest({
    id: "allocator:abort:released_twice",
    clauses: ["pool/conservation", "abort/exact"],
    description: "Ending an ended request returns nothing",
    cases: grid({ layout: LAYOUTS }),
    run: async (driver) => {
      await driver.grow(0, 64);
      await driver.grow(1, 64);
      await driver.release(0);
      await driver.release(0);
      await driver.release(3);
    },
  }),
];

/** Tests of recycling: which pages are dead, when they are freed, and who may have them next. */
import { requireEqual, requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition, vary } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import { deadColumns, pagesOf, tableRowsPerSlot } from "./cache_model.ts";
import { cacheSpec, HEAD_LAYOUTS, layoutCapability, LAYOUTS, windowHeads } from "./cache_spec.ts";
import { idAt } from "./check_snapshot.ts";
import { requireRefused } from "./driver.ts";
import { takeSnapshot } from "./take_snapshot.ts";

export const recycleTests: readonly TestDefinition[] = [
  defineAllocatorTest({
    id: "allocator:recycle:dead_pages",
    clauses: ["recycle/window-only", "sentinel/only-when-dead"],
    description:
      "Exactly the pages between the sinks and the window are freed, of window heads alone",
    needs: ({ sinks }) => ["allocator.recycle", sinks > 0 && "allocator.sinks"],
    cases: [
      ...LAYOUTS.flatMap((layout) =>
        vary({ layout, page: 16, window: 64, sinks: 0 }, {
          window: [1, 15, 16, 17, 63, 65, 100],
          sinks: [1, 15, 16, 17, 40],
          page: [32, 64],
        })
      ),
      ...grid({ layout: HEAD_LAYOUTS, page: [64], window: [128], sinks: [4] }),
    ],
    spec: ({ layout, page, window, sinks }) => ({
      pageSizeTokens: page,
      windowTokens: window,
      sinkTokens: sinks,
      modelLengthTokens: page * 16,
      // A uniform page holds every head: it dies only where all of them keep a window.
      heads: windowHeads(layout === "uniform" ? 1 : 0.5),
    }),
    run: async (driver, { page }) => {
      await driver.admit(1, page * 16);
      // Every position, not only page boundaries: a window that is one token off shows on few of them.
      for (let next = page / 16; next <= page * 16; next += page / 16) {
        await driver.recycle(1, next);
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:tail_race",
    clauses: ["recycle/page-boundary"],
    description: "Between page boundaries nothing is freed, and the page being written stays",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, page: [16, 64], window: [1, 64, 128] }),
    spec: ({ page, window }) => ({
      pageSizeTokens: page,
      windowTokens: window,
      modelLengthTokens: page * 20,
    }),
    run: async (driver, { page }) => {
      await driver.grow(0, page * 12);
      for (const past of [1, 2, page / 2, page - 1]) {
        const lengthTokens = page * 12 + past;
        await driver.extend(0, lengthTokens);
        const freed = await driver.recycle(0, lengthTokens);
        if (driver.allocator.policies.recycleMoment === "boundary") {
          requireEqual(`pages freed at ${lengthTokens} tokens`, freed, 0);
        }
        const snapshot = await driver.checkState();
        const written = idAt(snapshot, { slot: 0, row: 0, column: 12 });
        requireThat(written >= 0, "Expected the page being written to be there");
      }
      await driver.extend(0, page * 13);
      const freed = await driver.recycle(0, page * 13);
      requireThat(
        driver.allocator.policies.recycleMoment !== "boundary" || freed > 0,
        "Expected pages at the next boundary",
      );
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:chunk_start",
    clauses: ["recycle/window-only"],
    description: "The first position still to be computed decides, not the length",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, behind: [1, 4, 16, 100] }),
    run: async (driver, { behind }) => {
      await driver.grow(3, 320);
      await driver.recycle(3, 320 - behind);
      const snapshot = await driver.checkState();
      const seen = Math.max(0, 320 - behind - 64 + 1);
      const column = Math.floor(seen / 16);
      const id = idAt(snapshot, { slot: 3, row: 0, column });
      requireThat(id >= 0, `Expected the page of key ${seen}, which is still seen, to be there`);
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:live_range",
    clauses: ["sentinel/only-when-dead", "recycle/window-only"],
    description: "During a decode no key that a window head still sees lies in a hole",
    needs: ({ sinks }) => ["allocator.recycle", sinks > 0 && "allocator.sinks"],
    cases: grid({ layout: HEAD_LAYOUTS, window: [16, 18, 40], sinks: [0, 5] }),
    spec: ({ window, sinks }) => ({ windowTokens: window, sinkTokens: sinks }),
    run: async (driver, { window, sinks }) => {
      await driver.admit(0, 70);
      for (let length = 71; length <= 200; length++) {
        await driver.extend(0, length);
        await driver.recycle(0, length);
        const { table, columns } = await takeSnapshot(driver.allocator);
        for (let key = 0; key < length; key++) {
          const live = key > length - window || key < sinks;
          const id = table[Math.floor(key / 16)] ?? -1;
          requireThat(!live || id >= 0, `Expected key ${key} of ${length} in ${columns} columns`);
        }
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:skipped_boundary",
    clauses: ["recycle/page-boundary"],
    description: "Pages that were dead at a boundary without recycling are freed at a later one",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, skipped: [1, 5] }),
    run: async (driver, { skipped }) => {
      await driver.growAndRecycle(0, 96);
      const before = deadColumns(driver.model, 0, 96).length;
      const length = 96 + 16 * (skipped + 1);
      await driver.extend(0, length);
      const freed = await driver.recycle(0, length);
      const windowRows = driver.model.kinds.flat().filter((kind) => kind === "window").length;
      const newlyDead = deadColumns(driver.model, 0, length).length - before;
      requireEqual("pages freed", freed, windowRows * newlyDead);
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:nothing_dead",
    clauses: ["recycle/off", "recycle/window-only", "mask/full"],
    description: "Nothing is freed with recycling off, without a window, or inside the window",
    needs: ["allocator.recycle"],
    cases: grid({ layout: LAYOUTS, why: ["off", "no_window", "full_heads", "inside"] }),
    spec: ({ why }) => ({
      ...(why === "off" && { recycle: false }),
      ...(why === "no_window" && { windowTokens: 0 }),
      ...(why === "full_heads" && { heads: windowHeads(0) }),
      ...(why === "inside" && { windowTokens: 400 }),
    }),
    run: async (driver) => {
      requireEqual("pages freed", await driver.growAndRecycle(0, 400), 0);
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:in_flight",
    clauses: ["recycle/in-flight"],
    description: "Pages freed during a step are handed out only after it has completed",
    needs: ["allocator.recycle", "allocator.fence"],
    cases: grid({ layout: LAYOUTS, freed_by: ["release", "recycle"], steps: [1, 2] }),
    spec: () => ({ pagesPerHead: 16, heads: windowHeads(1) }),
    run: async (driver, { freed_by: freedBy, steps }) => {
      await driver.grow(0, 256);
      const open: number[] = [];
      for (let count = 0; count < steps; count++) open.push(await driver.beginStep());
      await (freedBy === "release" ? driver.release(0) : driver.recycle(0, 256));
      for (const step of open) {
        requireThat(!await driver.admit(1, 64), "Expected a shortage while the step is in flight");
        await driver.completeStep(step);
      }
      requireThat(await driver.admit(1, 64), "Expected the pages after the step has completed");
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:steps_out_of_order",
    clauses: ["recycle/in-flight"],
    description:
      "Pages wait for every step that was open when they were freed, in any order, and for no later one",
    needs: ["allocator.fence"],
    cases: grid({ layout: LAYOUTS, steps: [2, 3] }),
    spec: () => ({ pagesPerHead: 16, recycle: false }),
    run: async (driver, { steps }) => {
      await driver.grow(0, 256);
      const open: number[] = [];
      for (let count = 0; count < steps; count++) open.push(await driver.beginStep());
      await driver.release(0);
      // Nothing that was freed before this one is read by it.
      const later = await driver.beginStep();
      for (const step of open.reverse()) {
        requireThat(!await driver.admit(1, 64), "Expected a shortage while a step is in flight");
        await driver.completeStep(step);
      }
      requireThat(await driver.admit(1, 64), "Expected the pages after those steps have completed");
      await driver.completeStep(later);
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:freed_before_step",
    clauses: ["recycle/in-flight", "pool/admission"],
    description: "Pages freed before a step began do not wait for it",
    needs: ["allocator.fence"],
    cases: grid({ layout: LAYOUTS }),
    spec: () => ({ pagesPerHead: 4 }),
    run: async (driver) => {
      await driver.grow(0, 64);
      await driver.release(0);
      const step = await driver.beginStep();
      requireThat(await driver.admit(1, 64), "Expected pages that no open step knows to be free");
      await driver.completeStep(step);
    },
  }),
  defineTest({
    id: "allocator:recycle:prefix_sharing",
    clauses: ["prefix/window"],
    description: "Prefix sharing together with recycling is refused by an allocator without it",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS }),
    run: async ({ allocator, params: { layout } }) => {
      if (allocator.claims.has("allocator.prefix_sharing")) return PASS;
      const reply = await allocator.create(cacheSpec({ layout, prefixSharing: true }));
      requireRefused("create", reply);
      return PASS;
    },
  }),
  defineAllocatorTest({
    id: "allocator:recycle:bounded_pages",
    clauses: ["pool/admission", "recycle/window-only"],
    description: "A decoding window head never holds more than its window, its sinks and one page",
    needs: ({ sinks }) => ["allocator.recycle", sinks > 0 && "allocator.sinks"],
    cases: grid({ layout: HEAD_LAYOUTS, window: [16, 17, 64], sinks: [0, 20] }),
    spec: ({ window, sinks }) => ({
      windowTokens: window,
      sinkTokens: sinks,
      heads: windowHeads(1),
    }),
    run: async (driver, { window, sinks }) => {
      const bound = Math.ceil((window - 1) / 16) + 1 + Math.ceil(sinks / 16);
      await driver.admit(0, 1);
      for (let length = 2; length <= 300; length++) {
        if (length % 16 === 1) await driver.recycle(0, length - 1);
        await driver.extend(0, length);
        const held = await driver.pagesInUse() / tableRowsPerSlot(driver.model);
        requireThat(
          held <= bound,
          `Expected at most ${bound} of ${pagesOf(driver.model, length)} pages, found ${held}`,
        );
      }
    },
  }),
];

/** Tests of recycling: which pages are dead, when they are freed, and who may have them next. */
import { requireEqual, requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition, vary } from "../test_definition.ts";
import { cacheSpec, HEAD_LAYOUTS, layoutCapability, LAYOUTS, sinkNeeds } from "./cache_spec.ts";
import { deadColumns, pagesOf, poolCapacity, poolCount, tableRowsPerSlot } from "./cache_model.ts";
import { entryIndex } from "./check_snapshot.ts";
import { takeSnapshot } from "./take_snapshot.ts";
import {
  admit,
  beginStep,
  checkState,
  completeStep,
  createDriver,
  extend,
  grow,
  recycle,
  release,
  requireRefused,
} from "./driver.ts";

/** Tests of recycling. */
export const recycleTests: readonly TestDefinition[] = [
  defineTest({
    id: "allocator:recycle:dead_pages",
    clauses: ["recycle/window-only", "sentinel/only-when-dead"],
    description:
      "Exactly the pages between the sinks and the window are freed, of window heads alone",
    needs: ({ layout, sinks }) => [
      layoutCapability(layout),
      "allocator.recycle",
      ...sinkNeeds(sinks),
    ],
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
    run: async ({ allocator, params: { layout, page, window, sinks } }) => {
      const driver = await createDriver(allocator, {
        layout,
        pageSizeTokens: page,
        windowTokens: window,
        sinkTokens: sinks,
        modelLengthTokens: page * 16,
        // A uniform page holds every head: it dies only where all of them keep a window.
        heads: { kind: "pattern", pattern: "first", ratio: layout === "uniform" ? 1 : 0.5 },
      });
      await admit(driver, 1, page * 16);
      // Every position, not only page boundaries: a window that is one token off shows on few of them.
      for (let next = page / 16; next <= page * 16; next += page / 16) {
        await recycle(driver, 1, next);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:recycle:tail_race",
    clauses: ["recycle/page-boundary"],
    description: "Between page boundaries nothing is freed, and the page being written stays",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, page: [16, 64], window: [1, 64, 128] }),
    run: async ({ allocator, params: { layout, page, window } }) => {
      const driver = await createDriver(allocator, {
        layout,
        pageSizeTokens: page,
        windowTokens: window,
        modelLengthTokens: page * 20,
      });
      await grow(driver, 0, page * 12);
      for (const past of [1, 2, page / 2, page - 1]) {
        const lengthTokens = page * 12 + past;
        await extend(driver, 0, lengthTokens);
        const freed = await recycle(driver, 0, lengthTokens);
        if (allocator.policies.recycleMoment === "boundary") {
          requireEqual(`pages freed at ${lengthTokens} tokens`, freed, 0);
        }
        const snapshot = await checkState(driver);
        const written = snapshot.table[entryIndex(snapshot, { slot: 0, row: 0, column: 12 })] ?? -1;
        requireThat(written >= 0, "Expected the page being written to be there");
      }
      await extend(driver, 0, page * 13);
      const freed = await recycle(driver, 0, page * 13);
      requireThat(
        allocator.policies.recycleMoment !== "boundary" || freed > 0,
        "Expected pages at the next boundary",
      );
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:recycle:chunk_start",
    clauses: ["recycle/window-only"],
    description: "The first position still to be computed decides, not the length",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, behind: [1, 4, 16, 100] }),
    run: async ({ allocator, params: { layout, behind } }) => {
      const driver = await createDriver(allocator, { layout });
      await grow(driver, 3, 320);
      await recycle(driver, 3, 320 - behind);
      const snapshot = await checkState(driver);
      const seen = Math.max(0, 320 - behind - 64 + 1);
      const column = Math.floor(seen / 16);
      const id = snapshot.table[entryIndex(snapshot, { slot: 3, row: 0, column })] ?? -1;
      requireThat(id >= 0, `Expected the page of key ${seen}, which is still seen, to be there`);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:recycle:live_range",
    clauses: ["sentinel/only-when-dead", "recycle/window-only"],
    description: "During a decode no key that a window head still sees lies in a hole",
    needs: ({ layout, sinks }) => [
      layoutCapability(layout),
      "allocator.recycle",
      ...sinkNeeds(sinks),
    ],
    cases: grid({ layout: HEAD_LAYOUTS, window: [16, 18, 40], sinks: [0, 5] }),
    run: async ({ allocator, params: { layout, window, sinks } }) => {
      const driver = await createDriver(allocator, {
        layout,
        windowTokens: window,
        sinkTokens: sinks,
      });
      await admit(driver, 0, 70);
      for (let length = 71; length <= 200; length++) {
        await extend(driver, 0, length);
        await recycle(driver, 0, length);
        const { table, columns } = await takeSnapshot(allocator);
        for (let key = 0; key < length; key++) {
          const live = key > length - window || key < sinks;
          const id = table[Math.floor(key / 16)] ?? -1;
          requireThat(!live || id >= 0, `Expected key ${key} of ${length} in ${columns} columns`);
        }
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:recycle:skipped_boundary",
    clauses: ["recycle/page-boundary"],
    description: "Pages that were dead at a boundary without recycling are freed at a later one",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, skipped: [1, 5] }),
    run: async ({ allocator, params: { layout, skipped } }) => {
      const driver = await createDriver(allocator, { layout });
      await grow(driver, 0, 96);
      await recycle(driver, 0, 96);
      const before = deadColumns(driver.model, 0, 96).length;
      const length = 96 + 16 * (skipped + 1);
      await extend(driver, 0, length);
      const freed = await recycle(driver, 0, length);
      const windowRows = driver.model.kinds.flat().filter((kind) => kind === "window").length;
      const newlyDead = deadColumns(driver.model, 0, length).length - before;
      requireEqual("pages freed", freed, windowRows * newlyDead);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:recycle:nothing_dead",
    clauses: ["recycle/off", "recycle/window-only", "mask/full"],
    description: "Nothing is freed with recycling off, without a window, or inside the window",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: LAYOUTS, why: ["off", "no_window", "full_heads", "inside"] }),
    run: async ({ allocator, params: { layout, why } }) => {
      const changes = {
        off: { recycle: false },
        no_window: { windowTokens: 0 },
        full_heads: { heads: { kind: "pattern", pattern: "first", ratio: 0 } },
        inside: { windowTokens: 400 },
      } as const;
      const spec = cacheSpec({ layout, ...changes[why as keyof typeof changes] });
      const driver = await createDriver(allocator, spec);
      await grow(driver, 0, 400);
      requireEqual("pages freed", await recycle(driver, 0, 400), 0);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:recycle:in_flight",
    clauses: ["recycle/in-flight"],
    description: "Pages freed during a step are handed out only after it has completed",
    needs: ({ layout }) => [
      layoutCapability(layout),
      "allocator.recycle",
      "allocator.fence",
    ],
    cases: grid({ layout: LAYOUTS, freed_by: ["release", "recycle"], steps: [1, 2] }),
    run: async ({ allocator, params }) => {
      const { layout, freed_by: freedBy, steps } = params;
      const driver = await createDriver(allocator, {
        layout,
        pagesPerHead: 16,
        heads: { kind: "pattern", pattern: "first", ratio: 1 },
      });
      await grow(driver, 0, 256);
      const open: number[] = [];
      for (let count = 0; count < steps; count++) {
        open.push(await beginStep(driver));
      }
      await (freedBy === "release" ? release(driver, 0) : recycle(driver, 0, 256));
      for (const step of open) {
        requireThat(!await admit(driver, 1, 64), "Expected a shortage while the step is in flight");
        await completeStep(driver, step);
      }
      requireThat(await admit(driver, 1, 64), "Expected the pages after the step has completed");
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:recycle:freed_before_step",
    clauses: ["recycle/in-flight", "pool/admission"],
    description: "Pages freed before a step began do not wait for it",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.fence"],
    cases: grid({ layout: LAYOUTS }),
    run: async ({ allocator, params: { layout } }) => {
      const driver = await createDriver(allocator, { layout, pagesPerHead: 4 });
      await grow(driver, 0, 64);
      await release(driver, 0);
      const step = await beginStep(driver);
      requireThat(await admit(driver, 1, 64), "Expected pages that no open step knows to be free");
      await completeStep(driver, step);
      return PASS;
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
  defineTest({
    id: "allocator:recycle:bounded_pages",
    clauses: ["pool/admission", "recycle/window-only"],
    description: "A decoding window head never holds more than its window, its sinks and one page",
    needs: ({ layout, sinks }) => [
      layoutCapability(layout),
      "allocator.recycle",
      ...sinkNeeds(sinks),
    ],
    cases: grid({ layout: HEAD_LAYOUTS, window: [16, 17, 64], sinks: [0, 20] }),
    run: async ({ allocator, params: { layout, window, sinks } }) => {
      const driver = await createDriver(allocator, {
        layout,
        windowTokens: window,
        sinkTokens: sinks,
        heads: { kind: "pattern", pattern: "first", ratio: 1 },
      });
      const bound = Math.ceil((window - 1) / 16) + 1 + Math.ceil(sinks / 16);
      await admit(driver, 0, 1);
      for (let length = 2; length <= 300; length++) {
        if (length % 16 === 1) {
          await recycle(driver, 0, length - 1);
        }
        await extend(driver, 0, length);
        const { freePages } = await driver.allocator.snapshot();
        const free = freePages.reduce((sum, pages) => sum + pages, 0);
        const pools = poolCount(driver.model) * poolCapacity(driver.model);
        const held = (pools - free) / tableRowsPerSlot(driver.model);
        requireThat(
          held <= bound,
          `Expected at most ${bound} of ${pagesOf(driver.model, length)} pages, found ${held}`,
        );
      }
      return PASS;
    },
  }),
];

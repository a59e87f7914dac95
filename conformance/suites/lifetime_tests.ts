/** Tests of pages that somebody still has: transfers, late releases, drafts, and copies of rows. */
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { Mismatch, PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { completeModelStep, slotOf, tableRowsPerSlot } from "./cache_model.ts";
import { HEAD_LAYOUTS, layoutCapability, LAYOUTS, THREE_GROUPS } from "./cache_spec.ts";
import { entryIndex } from "./check_snapshot.ts";
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

const ALL_WINDOW = { kind: "pattern", pattern: "first", ratio: 1 } as const;

const transfer = defineTest({
  id: "allocator:lifetime:transfer",
  clauses: ["recycle/in-flight-transfer"],
  description: "Pages that a transfer reads are handed out only after it has ended",
  needs: ({ layout, freed_by: by, steps }) => [
    layoutCapability(layout),
    "allocator.transfer",
    ...(steps > 0 ? ["allocator.fence"] as const : []),
    ...(by === "recycle" ? ["allocator.recycle"] as const : []),
  ],
  cases: grid({ layout: LAYOUTS, freed_by: ["release", "recycle"], steps: [0, 1] }),
  run: async ({ allocator, params: { layout, freed_by: by, steps } }) => {
    const driver = await createDriver(allocator, {
      layout,
      pagesPerHead: 16,
      recycle: by === "recycle",
      heads: { kind: "pattern", pattern: "first", ratio: 1 },
    });
    await grow(driver, 0, 256);
    const reply = await allocator.beginTransfer!({ slot: 0 });
    const number = requireOk("beginTransfer", reply);
    // To the model a transfer is a step that takes longer.
    driver.model.openSteps.add(number);
    await (by === "release" ? release(driver, 0) : recycle(driver, 0, 256));
    for (let step = 0; step < steps; step++) await completeStep(driver, await beginStep(driver));
    requireThat(!await admit(driver, 1, 64), "Expected a shortage until the transfer has ended");
    requireOk("endTransfer", await allocator.endTransfer!({ transfer: number }));
    completeModelStep(driver.model, number);
    await checkState(driver);
    requireThat(await admit(driver, 1, 64), "Expected the pages after the transfer has ended");
    return PASS;
  },
});

/** Admits a request by number. */
async function name(
  driver: Driver,
  o: { slot: number; lengthTokens: number; request: number },
): Promise<void> {
  requireEqual('answer to "admit"', (await driver.allocator.admit(o)).kind, "allocated");
  const state = slotOf(driver.model, o.slot);
  state.lengthTokens = o.lengthTokens;
  state.pages = Math.ceil(o.lengthTokens / driver.model.spec.pageSizeTokens);
  await checkState(driver);
}

/** Moves the request; gives its slot. */
async function move(
  driver: Driver,
  how: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const slots = driver.model.slots.map((_, slot) => slot);
  if (how === "reuse") return from;
  if (how === "condense") {
    const reply = await driver.allocator.condense({ active: slots.map((slot) => slot === from) });
    const order = [...requireOk("condense", reply)];
    driver.model.slots.splice(0, slots.length, ...order.map((slot) => driver.model.slots[slot]!));
    return order.indexOf(from);
  }
  if (how === "swap") requireOk("swap", await driver.allocator.swap({ first: from, second: to }));
  else {
    const permutation = Int32Array.from(
      slots,
      (slot) => slot === to ? from : slot === from ? to : slot,
    );
    requireOk("reorder", await driver.allocator.reorder({ permutation }));
  }
  const states = driver.model.slots;
  [states[from], states[to]] = [states[to]!, states[from]!];
  return to;
}

/** Tests of what outlives a command. */
export const lifetimeTests: readonly TestDefinition[] = [
  transfer,
  defineTest({
    id: "allocator:lifetime:transfers",
    clauses: ["recycle/in-flight-transfer"],
    description:
      "A transfer that ends lets go what it kept, and nothing of one that is still under way",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.transfer"],
    cases: grid({ layout: LAYOUTS, first: ["older", "newer"] }),
    run: async ({ allocator, params: { layout, first } }) => {
      const driver = await createDriver(allocator, { layout, pagesPerHead: 16, recycle: false });
      await grow(driver, 0, 128);
      await grow(driver, 1, 128);
      const begin = async (slot: number): Promise<number> => {
        const number = requireOk("beginTransfer", await allocator.beginTransfer!({ slot }));
        driver.model.openSteps.add(number);
        return number;
      };
      const end = async (transfer: number): Promise<void> => {
        requireOk("endTransfer", await allocator.endTransfer!({ transfer }));
        completeModelStep(driver.model, transfer);
        await checkState(driver);
      };
      // Only the older transfer is there when its pages are freed, so only it keeps them.
      const older = await begin(0);
      await release(driver, 0);
      const newer = await begin(1);
      await end(first === "older" ? older : newer);
      const fits = await admit(driver, 2, 64);
      requireEqual("whether the pages are free", fits, first === "older");
      await end(first === "older" ? newer : older);
      if (!fits) {
        requireThat(await admit(driver, 2, 64), "Expected the pages after both have ended");
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:lifetime:draft_rows",
    clauses: ["worker/rows-follow"],
    description: "The draft model's rows follow growth, recycling and ends, in every layer group",
    needs: ({ layout, groups, open }) => [
      layoutCapability(layout),
      "allocator.draft",
      "allocator.recycle",
      ...(groups > 1 ? ["allocator.layer_groups", "allocator.heads"] as const : []),
      ...(open ? ["allocator.fence"] as const : []),
    ],
    cases: grid({ layout: LAYOUTS, groups: [1, 3], open: [false, true] })
      .filter(({ layout, groups }) => layout !== "uniform" || groups === 1),
    run: async ({ allocator, params: { layout, groups, open } }) => {
      const driver = await createDriver(allocator, {
        layout,
        draftTables: true,
        ...(layout === "uniform" ? { heads: ALL_WINDOW } : groups === 1 ? {} : THREE_GROUPS),
      });
      await grow(driver, 0, 100);
      await grow(driver, 3, 60);
      // What is freed beside a step waits for it; nothing reads it through a row any more.
      const step = open ? await beginStep(driver) : null;
      await grow(driver, 0, 256);
      await recycle(driver, 0, 256);
      await release(driver, 3);
      if (step !== null) await completeStep(driver, step);
      await grow(driver, 3, 17);
      await release(driver, 0);
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:lifetime:late_release",
    clauses: ["pool/late-release"],
    description: "A release of a request that is gone changes nothing of the slot's new owner",
    needs: ({ layout, after }) => [
      layoutCapability(layout),
      "allocator.request_ids",
      ...(after === "reuse" ? [] : ["allocator.moves"] as const),
    ],
    cases: grid({ layout: LAYOUTS, after: ["reuse", "swap", "reorder", "condense"], slot: [0, 3] }),
    run: async ({ allocator, params: { layout, after, slot } }) => {
      const driver = await createDriver(allocator, { layout, recycle: false });
      await name(driver, { slot, lengthTokens: 40, request: 7 });
      requireOk("release", await allocator.release({ slot, request: 7 }));
      driver.model.slots[slot] = { ...slotOf(driver.model, slot), lengthTokens: 0, pages: 0 };
      await name(driver, { slot, lengthTokens: 100, request: 8 });
      const other = slot === 0 ? 1 : 0;
      const owner = await move(driver, after, { from: slot, to: other });
      const before = await checkState(driver);
      const late = await allocator.release({ slot: owner, request: 7 });
      // To say so is as good as to return nothing.
      if (late.kind === "ok") requireEqual("pages that a late release returned", late.value, 0);
      const now = await checkState(driver);
      requireSameElements("table", now.table, before.table);
      await grow(driver, owner, 120);
      // The owner itself is found under its new slot.
      const freed = requireOk("release", await allocator.release({ slot: owner, request: 8 }));
      requireThat(freed > 0, "Expected the owner's pages to be returned");
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:lifetime:optimistic",
    clauses: ["recycle/optimistic", "recycle/window-only"],
    description:
      "Drafts that may be rejected make no page dead, and rejecting them finds every key",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, drafts: [1, 7, 31], window: [16, 33] }),
    run: async ({ allocator, params: { layout, drafts, window } }) => {
      const driver = await createDriver(allocator, { layout, windowTokens: window });
      // So that the drafts end on a page boundary, where recycling acts.
      const base = 160 - drafts;
      await grow(driver, 2, base);
      await extend(driver, 2, base + drafts);
      if (allocator.policies.recycleMoment === "in-extend") return PASS;
      await recycle(driver, 2, base);
      await extend(driver, 2, base + 1);
      const { table, ...rest } = await checkState(driver);
      for (let key = Math.max(0, base - window + 1); key < base; key++) {
        const column = Math.floor(key / 16);
        const id = table[entryIndex({ table, ...rest }, { slot: 2, row: 0, column })] ?? -1;
        requireThat(
          id >= 0,
          `Expected the page of key ${key}, which the next query sees, to be there`,
        );
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:lifetime:small_window",
    clauses: ["recycle/small-window", "pool/admission"],
    description: "With W ≤ P two pages a window head are enough for ever, and are admitted",
    needs: ({ layout }) => [layoutCapability(layout), "allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, window: [1, 2, 15, 16], requests: [1, 3] }),
    run: async ({ allocator, params: { layout, window, requests } }) => {
      const driver = await createDriver(allocator, {
        layout,
        windowTokens: window,
        pagesPerHead: 2 * requests,
        heads: { kind: "pattern", pattern: "first", ratio: 1 },
      });
      for (let slot = 0; slot < requests; slot++) {
        if (allocator.claims.has("allocator.admission")) {
          const reply = await allocator.canAdmit({ lengthTokens: 400, stepTokens: 1 });
          requireEqual("admissible", requireOk("canAdmit", reply), true);
        }
        await grow(driver, slot, 16);
        // Each request waits at its second page, so that all of them hold what admission counted.
        await recycle(driver, slot, 16);
        await grow(driver, slot, 20);
      }
      for (let length = 21; length <= 140; length++) {
        for (let slot = 0; slot < requests; slot++) {
          if ((length - 1) % 16 === 0) await recycle(driver, slot, length - 1);
          requireThat(
            await extend(driver, slot, length),
            `Expected slot ${slot} to reach ${length} tokens, found a deadlock: no one can grow`,
          );
        }
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:lifetime:worker_rows",
    clauses: ["worker/rows-follow"],
    description: "When a step is opened the worker's rows hold what the scheduler's do, holes too",
    needs: ({ layout, what }) => [
      layoutCapability(layout),
      "allocator.worker_rows",
      "allocator.fence",
      ...(what === "recycle" ? ["allocator.recycle"] as const : []),
      ...(what === "swap" || what === "reorder" ? ["allocator.moves"] as const : []),
    ],
    cases: grid({ layout: LAYOUTS, what: ["grow", "recycle", "release", "swap", "reorder"] }),
    run: async ({ allocator, params: { layout, what } }) => {
      const ratio = layout === "uniform" ? 1 : 0.5;
      const driver = await createDriver(allocator, {
        layout,
        heads: { kind: "pattern", pattern: "first", ratio },
      });
      await grow(driver, 0, 160);
      await grow(driver, 2, 48);
      await completeStep(driver, await beginStep(driver));
      if (what === "grow") await grow(driver, 2, 100);
      if (what === "recycle") await recycle(driver, 0, 160);
      if (what === "release") await release(driver, 0);
      if (what === "swap") requireOk("swap", await allocator.swap({ first: 0, second: 3 }));
      if (what === "reorder") {
        const permutation = Int32Array.of(3, 2, 1, 0);
        requireOk("reorder", await allocator.reorder({ permutation }));
      }
      const step = requireOk("beginStep", await allocator.beginStep());
      const { table, workerTable } = await allocator.snapshot();
      requireOk("completeStep", await allocator.completeStep({ step }));
      if (workerTable === undefined) throw new Mismatch("Expected the worker's rows, found none");
      requireEqual("entries of the worker's rows", workerTable.length, table.length);
      if (allocator.policies.deadColumns === "cleared") {
        requireSameElements("worker's rows", workerTable, table);
        return PASS;
      }
      for (let row = 0; row < tableRowsPerSlot(driver.model); row++) {
        const { pages, recycled } = slotOf(driver.model, 2);
        for (let column = 0; column < pages; column++) {
          if (recycled[row]?.has(column)) continue;
          const index = entryIndex(await allocator.snapshot(), { slot: 2, row, column });
          requireEqual(`worker's row ${row}, column ${column}`, workerTable[index], table[index]);
        }
      }
      return PASS;
    },
  }),
];

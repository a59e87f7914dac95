/** Tests of pages that somebody still has: transfers, late releases, drafts, and copies of rows. */
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { Mismatch } from "../outcome.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import { releaseModel, slotOf, tableRowsPerSlot } from "./cache_model.ts";
import { HEAD_LAYOUTS, LAYOUTS, THREE_GROUPS, windowHeads } from "./cache_spec.ts";
import { entryIndex, idAt, slotIds } from "./check_snapshot.ts";
import { type Driver, requireOk } from "./driver.ts";

/** Moves the only request, or leaves it where it is; gives its slot. */
async function move(
  driver: Driver,
  how: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const slots = [...driver.model.slots.keys()];
  if (how === "swap") await driver.swap(from, to);
  if (how === "reorder") await driver.reorder(slots.with(from, to).with(to, from));
  if (how === "condense") await driver.condense(slots.map((slot) => slot === from));
  return driver.model.slots.findIndex(({ lengthTokens }) => lengthTokens > 0);
}

export const lifetimeTests: readonly TestDefinition[] = [
  defineAllocatorTest({
    id: "allocator:lifetime:transfer",
    clauses: ["recycle/in-flight-transfer"],
    description: "Pages that a transfer reads are handed out only after it has ended",
    needs: ({ freed_by: by, steps }) => [
      "allocator.transfer",
      steps > 0 && "allocator.fence",
      by === "recycle" && "allocator.recycle",
    ],
    cases: grid({ layout: LAYOUTS, freed_by: ["release", "recycle"], steps: [0, 1] }),
    spec: ({ freed_by: by }) => ({
      pagesPerHead: 16,
      recycle: by === "recycle",
      heads: windowHeads(1),
    }),
    run: async (driver, { freed_by: by, steps }) => {
      await driver.grow(0, 256);
      const transfer = await driver.beginTransfer(0);
      await (by === "release" ? driver.release(0) : driver.recycle(0, 256));
      for (let step = 0; step < steps; step++) await driver.completeStep(await driver.beginStep());
      requireThat(!await driver.admit(1, 64), "Expected a shortage until the transfer has ended");
      await driver.endTransfer(transfer);
      requireThat(await driver.admit(1, 64), "Expected the pages after the transfer has ended");
    },
  }),
  defineAllocatorTest({
    id: "allocator:lifetime:transfers",
    clauses: ["recycle/in-flight-transfer"],
    description:
      "A transfer that ends lets go what it kept, and nothing of one that is still under way",
    needs: ["allocator.transfer"],
    cases: grid({ layout: LAYOUTS, first: ["older", "newer"] }),
    spec: () => ({ pagesPerHead: 16, recycle: false }),
    run: async (driver, { first }) => {
      await driver.grow(0, 128);
      await driver.grow(1, 128);
      // Only the older transfer is there when its pages are freed, so only it keeps them.
      const older = await driver.beginTransfer(0);
      await driver.release(0);
      const newer = await driver.beginTransfer(1);
      await driver.endTransfer(first === "older" ? older : newer);
      const fits = await driver.admit(2, 64);
      requireEqual("whether the pages are free", fits, first === "older");
      await driver.endTransfer(first === "older" ? newer : older);
      if (!fits) {
        requireThat(await driver.admit(2, 64), "Expected the pages after both have ended");
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:lifetime:draft_rows",
    clauses: ["worker/rows-follow"],
    description: "The draft model's rows follow growth, recycling and ends, in every layer group",
    needs: ({ groups, open }) => [
      "allocator.draft",
      "allocator.recycle",
      groups > 1 && "allocator.layer_groups",
      groups > 1 && "allocator.heads",
      open && "allocator.fence",
    ],
    cases: grid({ layout: LAYOUTS, groups: [1, 3], open: [false, true] })
      .filter(({ layout, groups }) => layout !== "uniform" || groups === 1),
    spec: ({ layout, groups }) => ({
      draftTables: true,
      ...(layout === "uniform" ? { heads: windowHeads(1) } : groups === 1 ? {} : THREE_GROUPS),
    }),
    run: async (driver, { open }) => {
      await driver.grow(0, 100);
      await driver.grow(3, 60);
      // What is freed beside a step waits for it; nothing reads it through a row any more.
      const step = open ? await driver.beginStep() : null;
      await driver.growAndRecycle(0, 256);
      await driver.release(3);
      if (step !== null) await driver.completeStep(step);
      await driver.grow(3, 17);
      await driver.release(0);
    },
  }),
  defineAllocatorTest({
    id: "allocator:lifetime:late_release",
    clauses: ["pool/late-release"],
    description: "A release of a request that is gone changes nothing of the slot's new owner",
    needs: ({ after }) => ["allocator.request_ids", after !== "reuse" && "allocator.moves"],
    cases: grid({ layout: LAYOUTS, after: ["reuse", "swap", "reorder", "condense"], slot: [0, 3] }),
    spec: () => ({ recycle: false }),
    run: async (driver, { after, slot }) => {
      await driver.admit(slot, 40, 7);
      await driver.release(slot, 7);
      await driver.admit(slot, 100, 8);
      const other = slot === 0 ? 1 : 0;
      const owner = await move(driver, after, { from: slot, to: other });
      const before = await driver.checkState();
      const late = await driver.allocator.release({ slot: owner, request: 7 });
      // To say so is as good as to return nothing.
      if (late.kind === "ok") requireEqual("pages that a late release returned", late.value, 0);
      const now = await driver.checkState();
      requireSameElements("table", now.table, before.table);
      await driver.grow(owner, 120);
      // The owner itself is found under its new slot.
      const freed = await driver.release(owner, 8);
      requireThat(freed > 0, "Expected the owner's pages to be returned");
    },
  }),
  defineAllocatorTest({
    id: "allocator:lifetime:names",
    clauses: ["pool/late-release", "slot/swap-rows"],
    description: "Two requests that change places are found by their own numbers",
    needs: ["allocator.request_ids", "allocator.moves"],
    cases: grid({ layout: LAYOUTS, move: ["swap", "reorder"] }),
    spec: () => ({ recycle: false }),
    run: async (driver, { move: by }) => {
      await driver.admit(0, 40, 7);
      await driver.admit(3, 100, 8);
      await (by === "swap" ? driver.swap(0, 3) : driver.reorder([3, 1, 2, 0]));
      const before = await driver.checkState();
      const late = await driver.allocator.release({ slot: 0, request: 7 });
      // By number alone request 7 is found where it stands now, and ends there.
      const isEnded = late.kind === "ok" && late.value > 0;
      if (isEnded) {
        requireEqual("pages that request 7 returned", late.value, releaseModel(driver.model, 3));
      }
      const now = await driver.checkState();
      requireSameElements("rows of request 8", slotIds(now, 0), slotIds(before, 0));
      if (!isEnded) requireSameElements("table", now.table, before.table);
      await driver.release(0, 8);
      if (!isEnded) await driver.release(3, 7);
    },
  }),
  defineAllocatorTest({
    id: "allocator:lifetime:optimistic",
    clauses: ["recycle/optimistic", "recycle/window-only"],
    description:
      "Drafts that may be rejected make no page dead, and rejecting them finds every key",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, drafts: [1, 7, 31], window: [16, 33] }),
    spec: ({ window }) => ({ windowTokens: window }),
    run: async (driver, { drafts, window }) => {
      // So that the drafts end on a page boundary, where recycling acts.
      const base = 160 - drafts;
      await driver.grow(2, base);
      await driver.extend(2, base + drafts);
      if (driver.allocator.policies.recycleMoment === "in-extend") return;
      await driver.recycle(2, base);
      await driver.extend(2, base + 1);
      const snapshot = await driver.checkState();
      for (let key = Math.max(0, base - window + 1); key < base; key++) {
        const column = Math.floor(key / 16);
        const id = idAt(snapshot, { slot: 2, row: 0, column });
        requireThat(
          id >= 0,
          `Expected the page of key ${key}, which the next query sees, to be there`,
        );
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:lifetime:small_window",
    clauses: ["recycle/small-window", "pool/admission"],
    description: "With W ≤ P two pages a window head are enough for ever, and are admitted",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, window: [1, 2, 15, 16], requests: [1, 3] }),
    spec: ({ window, requests }) => ({
      windowTokens: window,
      pagesPerHead: 2 * requests,
      heads: windowHeads(1),
    }),
    run: async (driver, { requests }) => {
      for (let slot = 0; slot < requests; slot++) {
        if (driver.allocator.claims.has("allocator.admission")) {
          const admissible = await driver.canAdmit({ lengthTokens: 400, stepTokens: 1 });
          requireEqual("admissible", admissible, true);
        }
        await driver.grow(slot, 16);
        // Each request waits at its second page, so that all of them hold what admission counted.
        await driver.recycle(slot, 16);
        await driver.grow(slot, 20);
      }
      for (let length = 21; length <= 140; length++) {
        for (let slot = 0; slot < requests; slot++) {
          if ((length - 1) % 16 === 0) await driver.recycle(slot, length - 1);
          requireThat(
            await driver.extend(slot, length),
            `Expected slot ${slot} to reach ${length} tokens, found a deadlock: no one can grow`,
          );
        }
      }
    },
  }),
  defineAllocatorTest({
    id: "allocator:lifetime:worker_rows",
    clauses: ["worker/rows-follow"],
    description: "When a step is opened the worker's rows hold what the scheduler's do, holes too",
    needs: ({ what }) => [
      "allocator.worker_rows",
      "allocator.fence",
      what === "recycle" && "allocator.recycle",
      (what === "swap" || what === "reorder") && "allocator.moves",
    ],
    cases: grid({ layout: LAYOUTS, what: ["grow", "recycle", "release", "swap", "reorder"] }),
    spec: ({ layout }) => ({ heads: windowHeads(layout === "uniform" ? 1 : 0.5) }),
    run: async (driver, { what }) => {
      const { allocator } = driver;
      await driver.grow(0, 160);
      await driver.grow(2, 48);
      await driver.completeStep(await driver.beginStep());
      if (what === "grow") await driver.grow(2, 100);
      if (what === "recycle") await driver.recycle(0, 160);
      if (what === "release") await driver.release(0);
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
        return;
      }
      for (let row = 0; row < tableRowsPerSlot(driver.model); row++) {
        const { pages, recycled } = slotOf(driver.model, 2);
        for (let column = 0; column < pages; column++) {
          if (recycled[row]?.has(column)) continue;
          const index = entryIndex(await allocator.snapshot(), { slot: 2, row, column });
          requireEqual(`worker's row ${row}, column ${column}`, workerTable[index], table[index]);
        }
      }
    },
  }),
];

import assert from "node:assert/strict";
import { guardAllocator } from "../guard.ts";
import type { AllocatorSnapshot } from "../subject.ts";
import { HEADWISE_ALLOCATOR_CAPABILITIES } from "../subjects/headwise_allocator.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { cacheSpec, LAYOUTS } from "./cache_spec.ts";
import { checkSnapshot, entryIndex } from "./check_snapshot.ts";
import { Driver } from "./driver.ts";
import { takeSnapshot } from "./take_snapshot.ts";

const CLAIMS = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);

Deno.test("checkSnapshot() accepts what it should be, and rejects every number that is another", async () => {
  for (const layout of LAYOUTS) {
    const ratio = layout === "uniform" ? 1 : 0.5;
    const driver = await Driver.create(
      guardAllocator(createOracleSubject().allocator, { claims: CLAIMS }),
      cacheSpec({
        layout,
        heads: { kind: "pattern", pattern: "first", ratio },
        slots: 2,
        draftTables: true,
        pagesPerHead: 12,
        modelLengthTokens: 160,
      }),
    );
    await driver.grow(0, 110);
    await driver.grow(1, 20);
    await driver.recycle(0, 110);
    const snapshot = await takeSnapshot(driver.allocator);
    checkSnapshot(driver.model, snapshot);
    let changed = 0;
    for (const [name, values] of Object.entries(snapshot)) {
      // What the worker reads is as old as the step that is open.
      if (!ArrayBuffer.isView(values) || name === "workerTable") continue;
      const numbers = values as Int32Array;
      for (const index of numbers.keys()) {
        for (const by of [1, -1, 1000]) {
          const wrong = numbers.slice();
          wrong[index]! += by;
          const other = { ...snapshot, [name]: wrong } as AllocatorSnapshot;
          const place = `${layout} ${name}[${index}] ${by}`;
          assert.throws(() => checkSnapshot(driver.model, other), { name: "Mismatch" }, place);
          changed++;
        }
      }
    }
    assert.ok(changed > 100, `${changed}`);
  }
});

Deno.test("checkSnapshot() takes pages ahead of need up to their bound, and none of an empty slot", async () => {
  for (const layout of LAYOUTS) {
    const driver = await Driver.create(
      guardAllocator(createOracleSubject().allocator, { claims: CLAIMS }),
      cacheSpec({
        layout,
        heads: { kind: "pattern", pattern: "first", ratio: layout === "uniform" ? 1 : 0.5 },
        slots: 2,
        preallocatedPages: 2,
        pagesPerHead: 12,
        modelLengthTokens: 160,
      }),
    );
    await driver.grow(0, 40);
    const snapshot = await takeSnapshot(driver.allocator);
    checkSnapshot(driver.model, snapshot);
    const rows = layout === "uniform" ? 1 : snapshot.kvHeads;
    const free = Math.max(...snapshot.table) + 1;
    for (let row = 0; row < rows; row++) {
      for (const [slot, column] of [[1, 0], [1, 1], [0, 5]] as const) {
        const table = snapshot.table.slice();
        table[entryIndex(snapshot, { slot, row, column })] = free;
        const wrong = { ...snapshot, table };
        const place = `${layout}, slot ${slot}, row ${row}, column ${column}`;
        assert.throws(() => checkSnapshot(driver.model, wrong), { name: "Mismatch" }, place);
      }
    }
  }
});

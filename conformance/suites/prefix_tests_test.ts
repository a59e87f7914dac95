import assert from "node:assert/strict";
import { guardAllocator } from "../guard.ts";
import type { AllocatorSnapshot } from "../subject.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { cacheSpec, LAYOUTS } from "./cache_spec.ts";
import { entryIndex } from "./check_snapshot.ts";
import { requireApart } from "./prefix_tests.ts";

Deno.test("requireApart() sees a page that two slots hold, wherever in their rows, behind holes too", async () => {
  for (const layout of LAYOUTS) {
    const allocator = createOracleSubject().allocator!;
    await allocator.create(cacheSpec({ layout, slots: 3 }));
    for (const slot of [0, 1]) await allocator.admit({ slot, lengthTokens: 70 });
    const good = await allocator.snapshot();
    const judge = (snapshot: AllocatorSnapshot) =>
      requireApart(
        guardAllocator({ ...allocator, snapshot: () => Promise.resolve(snapshot) }),
        [0, 1],
      );
    await judge(good);
    const rows = layout === "uniform" ? 1 : good.kvHeads;
    for (let row = 0; row < rows; row++) {
      for (let column = 1; column < 5; column++) {
        const [from, to] = [0, 1].map((slot) => entryIndex(good, { slot, row, column }));
        const table = good.table.slice();
        table[to!] = table[from!]!;
        for (const first of [from!, to!]) table[first - column] = -1;
        const place = `slot 1, row ${row}, column ${column}`;
        await assert.rejects(judge({ ...good, table }), (error: Error) => {
          assert.ok(error.message.endsWith(place), error.message);
          return error.name === "Mismatch";
        });
      }
    }
  }
});

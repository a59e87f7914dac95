import assert from "node:assert/strict";
import { listMutants, selfTest } from "./kill_matrix.ts";
import { mutateAllocator } from "./mutants/mutant.ts";
import { parseQuery } from "./query.ts";
import { listCases } from "./registry.ts";

Deno.test("listMutants() names only queries that hold cases", () => {
  for (const mutant of listMutants()) {
    assert.ok(mutant.killedBy.length > 0, mutant.name);
    for (const query of mutant.killedBy) {
      assert.ok(listCases({ filters: [parseQuery(query)] }).length > 0, query);
    }
  }
});

Deno.test("selfTest() kills every mutant and no good subject", async () => {
  const report = await selfTest();
  assert.deepEqual(report.rows.filter((row) => !row.killed), []);
  assert.deepEqual(report.falseAlarms, []);
  assert.ok(report.ok);
});

Deno.test("selfTest() fails when a mutant survives", async () => {
  const facts = { name: "harmless", fault: "none", killedBy: ["allocator:availability"] };
  const report = await selfTest({ mutants: [mutateAllocator(facts, () => ({}))] });
  assert.equal(report.ok, false);
  assert.deepEqual(report.rows[0]?.expected, [
    { query: "allocator:availability", failed: 0, cases: 21 },
  ]);
});

Deno.test("selfTest() does not count a mutant that throws as killed", async () => {
  const facts = { name: "broken", fault: "throws", killedBy: ["allocator:availability"] };
  const broken = mutateAllocator(
    facts,
    () => ({ snapshot: () => Promise.reject(new Error("no")) }),
  );
  const report = await selfTest({ mutants: [broken] });
  assert.equal(report.rows[0]?.killed, false);
});

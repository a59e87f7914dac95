import assert from "node:assert/strict";
import { listClauses, listPendingClauses } from "./clause.ts";
import { killMatrixMarkdown, listMutants, selfTest } from "./kill_matrix.ts";
import { mutateAllocator } from "./mutants/mutant.ts";
import { matchesQuery, parseQuery } from "./query.ts";
import { listCases } from "./registry.ts";

const FACTS = { fault: "none", violates: ["pool/available"] } as const;

/** Failures that happened in engines, by the mutants that stand for them. */
const SEEN_IN_ENGINES = [
  "flat_ids_in_local_table",
  "flat_ids_in_per_head_kernel",
  "ids_modulo_n",
  "shared_heap",
  "availability_by_integer_division",
  "availability_of_legacy_list",
  "swap_leaves_rows",
  "draft_not_swapped",
  "stale_tail_after_reorder",
  "captured_with_null_table",
  "boolean_index_while_recording",
  "readback_inside_step",
  "dtype_unchecked",
  "divisibility_check_stripped",
  "sinks_zero_in_one_entry",
  "recycles_mid_write",
  "row_shorter_than_walk",
  "writes_through_uniform_table",
  "first_page_unguarded",
  "config_in_one_process",
  "ratio_clamped",
];

Deno.test("listMutants() has every failure that happened, and 150 in all", () => {
  const mutants = listMutants();
  const seen = mutants.filter(({ origin }) => origin === "field").map(({ name }) => name);
  assert.deepEqual(SEEN_IN_ENGINES.filter((name) => !seen.includes(name)), []);
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  assert.ok(mutants.length >= 150, `${mutants.length} mutants`);
});

Deno.test("listMutants() violates every clause that the suite judges", () => {
  const violated = new Set(listMutants().flatMap((mutant) => mutant.violates));
  const pending = new Set(listPendingClauses().map(({ id }) => id));
  const harmless = listClauses()
    .filter(({ id, kind }) => kind !== "tool" && !pending.has(id) && !violated.has(id))
    .map(({ id }) => id);
  assert.deepEqual(harmless, []);
});

Deno.test("listMutants() names only queries that hold cases", () => {
  const cases = listCases();
  for (const mutant of listMutants()) {
    assert.ok(mutant.killedBy.length > 0, mutant.name);
    assert.ok(mutant.violates.length > 0, mutant.name);
    for (const query of mutant.killedBy) {
      const parsed = parseQuery(query);
      assert.ok(cases.some((each) => matchesQuery(parsed, each.parsed)), query);
    }
  }
});

Deno.test("selfTest() kills mutants of every family and no good subject", async () => {
  // All of them are what `conformance --self-test` runs.
  const mutants = listMutants().filter((_, index) => index % 8 === 0);
  const report = await selfTest({ mutants });
  assert.equal(report.rows.length, mutants.length);
  assert.deepEqual(report.rows.filter((row) => !row.killed), []);
  assert.deepEqual(report.falseAlarms, []);
  assert.ok(report.ok);
});

Deno.test("selfTest() fails when a mutant survives", async () => {
  const facts = { ...FACTS, name: "harmless", killedBy: ["allocator:availability"] };
  const report = await selfTest({ mutants: [mutateAllocator(facts, () => ({}))] });
  assert.equal(report.ok, false);
  assert.deepEqual(report.rows[0]?.expected, [
    { query: "allocator:availability", failed: 0, cases: 21 },
  ]);
});

Deno.test("selfTest() does not count a mutant that throws as killed", async () => {
  const facts = { ...FACTS, name: "broken", killedBy: ["allocator:availability"] };
  const broken = mutateAllocator(
    facts,
    () => ({ snapshot: () => Promise.reject(new Error("no")) }),
  );
  const report = await selfTest({ mutants: [broken] });
  assert.equal(report.rows[0]?.killed, false);
});

Deno.test("selfTest() does not count a kill when another clause is judged", async () => {
  const facts = {
    ...FACTS,
    name: "beside",
    violates: ["mask/tree"],
    killedBy: ["allocator:availability"],
  };
  const change = { availability: -1 };
  const beside = mutateAllocator(
    facts,
    (good) => ({ snapshot: async () => ({ ...await good.snapshot(), ...change }) }),
  );
  const report = await selfTest({ mutants: [beside] });
  assert.equal(report.rows[0]?.killed, false);
  assert.deepEqual(report.rows[0]?.unproven, ["mask/tree"]);
  assert.match(killMatrixMarkdown(report), /`beside`.*\*\*survived\*\*/);
});

import assert from "node:assert/strict";
import { casesOfMutant, findEarlyCases } from "./early_cases.ts";
import { listMutants } from "./kill_matrix.ts";
import { mutateAllocator } from "./mutants/mutant.ts";
import { parseQuery } from "./query.ts";
import { listCases } from "./registry.ts";
import { EARLY_CASES } from "./run_order.ts";
import { judge } from "./testing_judge.ts";

/** The first cases are chosen now and then; meanwhile so many mutants may be without one. */
const MOST_WITHOUT = 0.05;

Deno.test("EARLY_CASES are cases of the suite, each once, and at most a third of it", () => {
  const cases = listCases();
  const known = new Set(cases.map(({ query }) => query));
  assert.deepEqual(EARLY_CASES.filter((query) => !known.has(query)), []);
  assert.equal(new Set(EARLY_CASES).size, EARLY_CASES.length);
  assert.ok(EARLY_CASES.length > 100 && EARLY_CASES.length <= cases.length / 3);
});

Deno.test("EARLY_CASES hold a case for every mutant", () => {
  const early = new Set(EARLY_CASES);
  const cases = listCases().filter(({ query }) => early.has(query));
  const mutants = listMutants();
  const without = mutants.filter((mutant) => casesOfMutant(mutant, cases).length === 0);
  assert.ok(
    without.length <= MOST_WITHOUT * mutants.length,
    `run 'deno task conformance:early REPORT': ${without.map(({ name }) => name).join(", ")}`,
  );
});

Deno.test("EARLY_CASES tell mutants of every family", async () => {
  const filters = EARLY_CASES.map(parseQuery);
  const mutants = listMutants().filter((_, index) => index % 60 === 0);
  const untold: string[] = [];
  for (const mutant of mutants) {
    const { summary } = await judge({ subject: mutant.create(), filters });
    if (summary.failed === 0) untold.push(mutant.name);
  }
  assert.ok(untold.length <= 1, `no early case tells ${untold.join(", ")}`);
});

Deno.test("findEarlyCases() takes the cheapest case that rejects a mutant, and says where none does", async () => {
  const facts = {
    fault: "none",
    violates: ["pool/available"],
    killedBy: ["allocator:availability"],
  } as const;
  const wrong = mutateAllocator({ ...facts, name: "wrong" }, (good) => ({
    snapshot: async () => ({ ...await good.snapshot(), availability: -1 }),
  }));
  const harmless = mutateAllocator({ ...facts, name: "harmless" }, () => ({}));
  const { cases, untold } = await findEarlyCases({
    costMs: (query) => query.length,
    mutants: [wrong, harmless],
  });
  assert.deepEqual(untold, ["harmless"]);
  assert.deepEqual(cases.map(({ mutants }) => mutants), [["wrong"]]);
  assert.equal(cases[0]!.costMs, cases[0]!.query.length);
});

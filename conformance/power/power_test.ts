import assert from "node:assert/strict";
import { FIELD_ARITHMETICS, type FieldArithmetic, parseArithmetic } from "../../kernel/mod.ts";
import { judgeInArithmetic, listKernelMutants } from "./arithmetic_kills.ts";
import type { Mutant } from "../mutants/mutant.ts";
import { problemOf } from "../suites/kernel_case.ts";
import { LEAST_MARGIN, measurePower, swappedPages } from "./power_margins.ts";
import { ARITHMETIC_KILLS, powerMarkdown } from "./power_table.ts";

/**
 * Some of the kernel mutants for each arithmetic, others for every one, so that a test of seconds
 * goes through all arithmetics.
 */
function sampleByArithmetic(
  each: number,
): { readonly field: FieldArithmetic; readonly mutants: readonly Mutant[] }[] {
  const all = listKernelMutants();
  const total = FIELD_ARITHMETICS.length * each;
  return FIELD_ARITHMETICS.map((field, index) => ({
    field,
    mutants: Array.from(
      { length: each },
      (_, at) => all[Math.floor(((at * FIELD_ARITHMETICS.length + index) * all.length) / total)]!,
    ),
  }));
}

Deno.test("measurePower() is at least four under every arithmetic of the field", () => {
  for (const { clause, fault, margins } of measurePower()) {
    assert.equal(margins.length, FIELD_ARITHMETICS.length);
    margins.forEach((margin, index) => {
      assert.ok(Number.isFinite(margin), `${clause}: no case shows ${fault}`);
      const { name } = FIELD_ARITHMETICS[index]!;
      assert.ok(margin >= LEAST_MARGIN, `${clause}: ${fault} moves ${margin} in ${name}`);
    });
  }
});

Deno.test("swappedPages() gives every entry that names a page the next row's, and leaves holes", () => {
  const p = problemOf(3, { layout: "headwise", rows: "1+30_1+47" });
  const { columns, kvHeads } = p.shape;
  const changed = [...swappedPages(p)].map(({ table }) => {
    const at = table.findIndex((id, index) => id !== p.table[index]);
    const other = p.table[(at + columns * kvHeads) % table.length]!;
    assert.deepEqual(table, p.table.with(at, other));
    return at;
  });
  const expected = [...p.table.keys()].filter((at) =>
    p.table[at]! >= 0 && p.table[(at + columns * kvHeads) % p.table.length]! >= 0
  );
  assert.deepEqual(changed, expected);
  assert.ok(changed.length > 0 && changed.length < p.table.length);
});

Deno.test("measurePower() tells an arithmetic that hides faults", () => {
  const blunt = parseArithmetic({ scores: "bf16", accumulate: "f16", exponentialError: 2 ** -4 });
  const rows = measurePower([blunt]);
  assert.ok(rows.some(({ margins: [margin] }) => margin! < LEAST_MARGIN));
});

Deno.test("powerMarkdown() is what docs/power.md holds", async () => {
  const kept = await Deno.readTextFile(new URL("../../docs/power.md", import.meta.url));
  assert.equal(kept, powerMarkdown(), "Stale; run 'deno task docs:power'");
});

Deno.test("every kernel mutant of the last run died in every arithmetic", () => {
  assert.deepEqual(
    ARITHMETIC_KILLS.map(({ arithmetic }) => arithmetic),
    FIELD_ARITHMETICS.map(({ name }) => name),
  );
  for (const { arithmetic, mutants, survivors, falseAlarms } of ARITHMETIC_KILLS) {
    assert.deepEqual([survivors, falseAlarms], [[], []], arithmetic);
    assert.ok(mutants >= 180, `${mutants} mutants in ${arithmetic}`);
  }
});

for (const { field, mutants } of sampleByArithmetic(3)) {
  const names = mutants.map(({ name }) => name).join(", ");
  Deno.test(`kernels in the arithmetic "${field.name}" are told: ${names}`, async () => {
    const { survivors, falseAlarms } = await judgeInArithmetic(field, mutants);
    assert.deepEqual([survivors, falseAlarms], [[], []]);
  });
}

Deno.test("sampleByArithmetic() takes other mutants for every arithmetic", () => {
  const all = sampleByArithmetic(3).flatMap(({ mutants }) => mutants);
  assert.equal(new Set(all).size, 3 * FIELD_ARITHMETICS.length);
  assert.ok(all.length < listKernelMutants().length);
});
